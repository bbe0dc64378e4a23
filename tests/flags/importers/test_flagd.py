"""What the importer of flagd makes of a document: buckets, errors, and what it reports."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from apps.flags.engine import RuleSet, validate
from apps.flags.engine.importers import import_flagd
from apps.flags.engine.jsonlogic import canonical_cbor
from apps.flags.importers import flagd_evaluator
from tests.support.flagd_documents import Documents

HALVES = {"fractional": [["on", 50], ["off", 50]]}


def flag(**members: Any) -> dict[str, Any]:
    return {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off", **members}


def evaluate(
    flag: dict[str, Any], kind: str = "Boolean", default: Any = None, **context: Any
) -> dict[str, Any]:
    return flagd_evaluator({"flags": {"f": flag}}).evaluate("f", kind, default, context)


def test_a_user_keeps_the_bucket_of_the_third_bucketing_of_flagd():
    """flagd changed its bucketing twice, and each time gave all users another variant."""
    document = {"flags": {"f": flag(targeting=HALVES)}}
    rules = RuleSet(*import_flagd(document).entries())

    served = [rules.evaluate("f", None, {"user": f"user-{number}"}).variant for number in range(16)]

    assert "".join("x" if variant == "on" else "." for variant in served) == "x........x...x.."


def test_evaluators_may_hold_letters_outside_ascii():
    """openfeature-flagd-core 2.0.0 refuses the whole document: "bad escape"."""
    document = {
        "flags": {"f": flag(targeting={"if": [{"$ref": "is-müller"}, "on", "off"]})},
        "$evaluators": {"is-müller": {"==": [{"var": "name"}, "Müller"]}},
    }

    flags = flagd_evaluator(document)

    assert flags.evaluate("f", "Boolean", None, {"name": "Müller"})["value"] is True
    assert flags.evaluate("f", "Boolean", None, {"name": "Maier"})["value"] is False


@pytest.mark.parametrize(
    ("members", "kind", "reason", "code", "variant"),
    [
        ({}, "Boolean", "STATIC", None, "off"),
        ({"targeting": {}}, "Boolean", "STATIC", None, "off"),
        ({"targeting": {"if": [False, "on"]}}, "Boolean", "DEFAULT", None, "off"),
        (
            {"targeting": {"if": [True, True]}, "variants": {"true": True}},
            "Boolean",
            "TARGETING_MATCH",
            None,
            "true",
        ),
        ({"targeting": {"var": "gone"}, "defaultVariant": None}, "Boolean", "DEFAULT", None, None),
        ({"state": "DISABLED"}, "Boolean", "DISABLED", None, None),
        ({"defaultVariant": "gone"}, "Boolean", "ERROR", "GENERAL", None),
        ({"targeting": {"if": [True, "gone"]}}, "Boolean", "ERROR", "GENERAL", None),
        ({"targeting": {"$ref": "gone"}}, "Boolean", "ERROR", "PARSE_ERROR", None),
        ({"targeting": ["on"]}, "Boolean", "ERROR", "PARSE_ERROR", None),
        ({}, "String", "ERROR", "TYPE_MISMATCH", None),
        ({"variants": {"off": 1}}, "Boolean", "ERROR", "TYPE_MISMATCH", None),
        ({"variants": {"off": True}}, "Integer", "ERROR", "TYPE_MISMATCH", None),
        ({"variants": {"off": 1.0}}, "Integer", "ERROR", "TYPE_MISMATCH", None),
        ({"variants": {"off": 1}}, "Float", "STATIC", None, "off"),
        ({"variants": {"off": ""}}, "String", "STATIC", None, "off"),
        ({"variants": {"off": {}}}, "Object", "STATIC", None, "off"),
    ],
)
def test_the_reason_and_the_code_are_those_of_flagd(members, kind, reason, code, variant):
    result = evaluate(flag(**members), kind)

    assert (result["reason"], result["error_code"], result["variant"]) == (reason, code, variant)


def test_variants_of_several_types_are_objects_and_reported():
    document = {"flags": {"f": flag(variants={"on": 1, "off": "no"})}}
    imported = import_flagd(document)

    assert imported.flags[0]["variants"] == {"on": {"value": 1}, "off": {"value": "no"}}
    assert [(problem.code, problem.is_warning) for problem in imported.problems] == [("mixed_types", True)]
    assert evaluate(document["flags"]["f"], "String")["value"] == "no"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (5, "/flags/f"),
        ({"variants": {"a": 1}}, "/flags/f/state"),
        (flag(variants={}), "/flags/f/variants"),
        (flag(defaultVariant=["on"]), "/flags/f/defaultVariant"),
        (flag(metadata={"owner": {}}), "/flags/f/metadata"),
    ],
)
def test_a_flag_that_flagd_refuses_is_reported_and_leaves_the_others(wrong, pointer):
    """openfeature-flagd-core refuses the whole document."""
    flags = flagd_evaluator({"flags": {"f": wrong, "g": flag()}})

    assert pointer in [pointer for _, pointer, _, is_warning in flags.imported.problems if not is_warning]
    assert flags.evaluate("f", "Boolean", True, {})["error_code"] == "PARSE_ERROR"
    assert flags.evaluate("g", "Boolean", True, {})["value"] is False


def test_a_program_that_nests_too_deep_is_reported():
    targeting: Any = "on"
    for _ in range(5_000):
        targeting = {"if": [True, targeting]}

    assert [
        problem.code for problem in import_flagd({"flags": {"f": flag(targeting=targeting)}}).problems
    ] == ["too_deep"]


def test_the_timestamp_of_a_replayed_evaluation_is_that_of_its_moment():
    targeting = {"if": [{"<": [{"var": "$flagd.timestamp"}, 1_700_000_000]}, "on", "off"]}
    rules = RuleSet(*import_flagd({"flags": {"f": flag(targeting=targeting)}}).entries())

    assert rules.evaluate("f", None, {}).variant == "off"
    assert rules.evaluate("f", None, {}, as_of=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).variant == "on"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, "00"), (23, "17"), (24, "1818"), (1000, "1903e8"), (1_000_000, "1a000f4240"), (2**64 - 1, "1b" + "f" * 16),
        (2**64, "c249010000000000000000"), (-(2**64) - 1, "c349010000000000000000"), (-1, "20"), (-1000, "3903e7"),
        (1.5, "f93e00"), (1.1, "fb3ff199999999999a"), (3.4028234663852886e38, "fa7f7fffff"), (2.0**-24, "f90001"),
        (float("inf"), "f97c00"), (float("nan"), "f97e00"), (None, "f6"), (True, "f5"), (False, "f4"), ("", "60"),
        ("ü", "62c3bc"), ([1, [2, 3]], "8201820203"), ({"b": 1, "aa": 2, "a": 3}, "a3616103616201626161" + "02"),
    ],
)  # fmt: skip
def test_values_have_the_canonical_encoding_of_rfc_8949(value, encoded):
    assert canonical_cbor(value).hex() == encoded


def test_half_a_surrogate_pair_has_no_encoding_and_no_bucket():
    with pytest.raises(ValueError, match="surrogates"):
        canonical_cbor("\ud800")

    assert evaluate(flag(targeting={"fractional": [{"var": "x"}, ["on"]]}), x="\ud800")["reason"] == "DEFAULT"


@pytest.mark.exhaustive("600 documents", inside=True)
def test_imported_documents_are_valid_and_explained_as_they_are_evaluated(sample):
    for seed in sample.of(range(600), 20):
        documents = Documents(seed)
        imported = import_flagd(documents.document(), targeting_key="targetingKey")
        flags = {flag["key"]: flag for flag in imported.flags}
        rules = RuleSet(*imported.entries())

        for document in imported.flags:
            problems = validate(document, flags=flags, segments={}, today=dt.date(2026, 12, 1))
            assert [problem for problem in problems if not problem.is_warning] == []
        context = {**documents.context(), "now": dt.datetime(2026, 12, 1, tzinfo=dt.UTC)}
        for key in flags:
            assert rules.explain(key, None, context).evaluation == rules.evaluate(key, None, context)
