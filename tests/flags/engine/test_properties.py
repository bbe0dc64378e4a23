"""Properties of every flag and context: what must hold whatever the documents say."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.support.flag_documents import flag, rules_of, segment
from tests.support.flag_engine import engine

SMALL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ATTRIBUTES = (
    "user",
    "company",
    "country",
    "seats",
    "version",
    "ip",
    "email",
    "joined",
    "role",
    "roles",
    "beta",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-100, 100),
    st.floats(allow_nan=True),
    st.text(max_size=5),
    st.sampled_from(
        ["DE", "FR", "1.2.0", "v2", "10.1.2.3", "::1", "2026-01-01", "a@bursar.example", "clerk"]
    ),
)
CONTEXTS = st.dictionaries(
    st.sampled_from(ATTRIBUTES),
    SCALARS | st.lists(SCALARS, max_size=3) | st.sets(st.text(max_size=2), max_size=2),
)
OPERANDS = {
    "in": st.lists(st.sampled_from(["DE", "FR", "", 1, 0, True, 1.5]), min_size=1, max_size=3),
    "contains": st.lists(st.sampled_from(["D", ""]), min_size=1, max_size=2),
    "starts_with": st.just(["D"]),
    "ends_with": st.just([".example"]),
    "matches": st.sampled_from([["^D"], ["[0-9]+"]]),
    "eq": st.just([1]),
    "gt": st.sampled_from([[0], [10.5]]),
    "between": st.just([0, 50]),
    "before": st.just(["2026-06-01"]),
    "after": st.just(["2020-01-01T00:00:00Z"]),
    "semver_gte": st.just(["1.2.0"]),
    "cidr": st.just(["10.0.0.0/8", "::/0"]),
    "is_set": st.just([]),
}


@st.composite
def comparisons(draw: Any) -> dict[str, Any]:
    op = draw(st.sampled_from(sorted(OPERANDS)))
    return {
        "attribute": draw(st.sampled_from(ATTRIBUTES)),
        "op": op,
        "values": draw(OPERANDS[op]),
        "negate": draw(st.booleans()),
        "ignore_case": draw(st.booleans()),
    }


LEAVES = comparisons() | st.sampled_from(
    [{"op": "always"}, {"segment": "testers"}, {"segment": "others"}, {"flag": "base", "variants": ["on"]}]
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"none": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
UNITS = st.sampled_from(["user", "company", "attribute:country"])
PERCENTAGES = st.floats(0, 100).map(lambda percentage: round(percentage, 3))


@st.composite
def rules(draw: Any) -> list[dict[str, Any]]:
    documents = []
    for number in range(draw(st.integers(0, 3))):
        rule: dict[str, Any] = {"name": f"r{number}", "when": draw(st.none() | CONDITIONS)}
        if draw(st.booleans()):
            weight = draw(st.floats(0, 100))
            rule |= {"split": [["on", weight], ["off", 100 - weight]], "unit": draw(UNITS)}
        else:
            rule["serve"] = draw(st.sampled_from(["on", "off", None]))
        if draw(st.booleans()):
            rule |= {"percentage": draw(PERCENTAGES), "unit": draw(UNITS)}
        documents.append(rule)
    return documents


@st.composite
def flags(draw: Any) -> dict[str, Any]:
    rollout = draw(st.none() | st.builds(lambda u, p: {"unit": u, "percentage": p}, UNITS, PERCENTAGES))
    return flag(
        enabled=draw(st.sampled_from([True, True, True, False])),
        entitlement=draw(st.sampled_from([None, "assets"])),
        roles=draw(st.sampled_from([[], ["clerk", "auditor"]])),
        prerequisites=draw(st.sampled_from([[], [{"flag": "base", "variants": ["on"]}]])),
        excludes=draw(st.sampled_from([[], ["base"]])),
        default_variant=draw(st.sampled_from(["on", "off", None])),
        dialect={"match": draw(st.sampled_from(["first", "any"]))},
        rules=draw(rules()),
        rollout=rollout,
    )


OVERRIDES = st.builds(
    engine.Override,
    enabled=st.sampled_from([True, True, False]),
    roles=st.sampled_from([(), ("clerk",)]),
    percentage=st.none() | PERCENTAGES,
)
SEGMENTS = (
    segment("testers", {"attribute": "email", "op": "ends_with", "values": ["@bursar.example"]}),
    segment(
        "others", {"none": [{"segment": "testers"}, {"attribute": "beta", "op": "in", "values": [True]}]}
    ),
)
BASE = flag("base", rollout={"unit": "user", "percentage": 50})


def rule_set(document: dict[str, Any], **fields: Any) -> Any:
    return rules_of(document, BASE, segments=SEGMENTS, **fields)


def tenant(*, entitled: bool = True, override: Any = None) -> Any:
    entitlements = frozenset({"assets"} if entitled else ())
    return engine.TenantLayer("t1", entitlements, overrides={"screen": override} if override else {})


@SMALL
@given(flags(), CONTEXTS, st.booleans(), st.none() | OVERRIDES)
def test_explanation_is_the_evaluation(document, context, entitled, override):
    view = rule_set(document).for_tenant(tenant(entitled=entitled, override=override))

    evaluation = view.evaluate("screen", "mine", context)
    explanation = view.explain("screen", "mine", context)

    assert evaluation.reason != "ERROR"
    assert explanation.evaluation == evaluation
    in_bulk = view.evaluate_all(context)["screen"]
    assert in_bulk == (evaluation if evaluation.variant else evaluation._replace(value=None))
    names = [layer.name for layer in explanation.layers]
    assert names == list(engine.LAYERS)
    reached = [layer.passed is not None for layer in explanation.layers]
    assert reached == [number <= names.index(explanation.deciding) for number in range(6)]
    assert all(layer.passed for layer in explanation.layers[: names.index(explanation.deciding)])


@SMALL
@given(flags(), CONTEXTS, OVERRIDES)
def test_override_only_narrows(document, context, override):
    rules = rule_set(document)

    wide = rules.for_tenant(tenant()).evaluate("screen", None, context)
    narrow = rules.for_tenant(tenant(override=override)).evaluate("screen", None, context)

    assert narrow == wide or (narrow.variant, narrow.reason) == ("off", "NARROWED_BY_TENANT")


@SMALL
@given(flags(), CONTEXTS, st.none() | OVERRIDES, st.none() | OVERRIDES)
def test_override_of_another_flag_only_narrows(document, context, override, of_base):
    overrides = {key: value for key, value in (("screen", override), ("base", of_base)) if value}
    rules = rule_set(document)

    wide = rules.for_tenant(tenant()).evaluate("screen", None, context)
    view = rules.for_tenant(engine.TenantLayer("t1", frozenset({"assets"}), overrides=overrides))
    narrow = view.evaluate("screen", None, context)

    assert narrow.variant in (wide.variant, "off")
    assert view.explain("screen", None, context).evaluation == narrow


OFF_VARIANTS = st.sampled_from(["off", "on", None])
VARIANTS = st.sampled_from([{"on": True, "off": False}, {"on": True, "off": True}])


def _values(rules: Any, context: Any) -> list[Any]:
    """Of all ways to evaluate, with a default that is on."""
    return [
        rules.evaluate("screen", True, context).value,
        rules.explain("screen", True, context).evaluation.value,
        bool(rules.evaluate_all(context)["screen"].value),
    ]


@SMALL
@given(flags(), CONTEXTS, st.none() | OVERRIDES, OFF_VARIANTS, VARIANTS)
def test_killed_flag_is_never_on(document, context, override, off_variant, variants):
    layer = tenant(override=override)
    document |= {"off_variant": off_variant, "variants": variants}

    killed = rule_set(document, killed=True).for_tenant(layer)
    assert _values(killed, context) == [False, False, False]
    closed = rule_set(document, environment={"SCREEN": False}).for_tenant(layer)
    assert _values(closed, context) == [False, False, False]
    assert closed.evaluate("screen", True, context).reason == "DISABLED_BY_ENVIRONMENT"


@SMALL
@given(flags(), CONTEXTS, OFF_VARIANTS)
def test_flag_that_the_plan_or_the_tenant_closes_is_never_on(document, context, off_variant):
    document |= {"entitlement": "assets", "off_variant": off_variant, "enabled": True}
    rules = rule_set(document)

    off = engine.Override(enabled=False)
    for layer in (tenant(entitled=False), tenant(override=off)):
        assert _values(rules.for_tenant(layer), context) == [False, False, False]
    full = engine.TenantLayer("t1", frozenset({"assets"}), {"assets": 1}, {"assets": 1})
    assert _values(rules.for_tenant(full), context) == [False, False, False]


ANYTHING = st.recursive(
    SCALARS | st.binary(max_size=3) | st.just(object()) | st.text(st.characters(), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@SMALL
@given(flags(), ANYTHING | st.dictionaries(st.sampled_from(ATTRIBUTES), ANYTHING))
def test_evaluation_never_raises(document, context):
    rules = rule_set(document)

    evaluation = rules.evaluate("screen", "mine", context)
    rules.explain("screen", "mine", context)
    rules.evaluate_all(context)

    assert evaluation.reason != "ERROR" or evaluation.value == "mine"


FIELDS = ("type", "variants", "enabled", "rules", "rollout", "prerequisites", "dialect", "roles", "requires")
DOCUMENTS = st.fixed_dictionaries(
    {"format": st.just(1), "key": st.just("screen")}, optional=dict.fromkeys(FIELDS, ANYTHING)
)


@SMALL
@given(ANYTHING | DOCUMENTS)
def test_document_of_anything_never_raises(document):
    rules = engine.RuleSet([engine.Entry(document, key="screen")])

    assert rules.evaluate("screen", "mine", {}).value == "mine"
    engine.validate(document, flags={}, segments={}, today=date(2026, 1, 1))
    engine.validate_override(document, flag())


@SMALL
@given(CONDITIONS, CONTEXTS)
def test_condition_and_its_negation_never_hold_together(condition, context):
    def holds(when: Any) -> bool:
        document = flag(default_variant="off", rules=[{"name": "r", "when": when, "serve": "on"}])
        return rule_set(document).evaluate("screen", None, context).reason == "RULE_MATCH"

    assert not (holds(condition) and holds({"not": condition}))
    assert holds(condition) == holds({"not": {"not": condition}})


@SMALL
@given(comparisons())
def test_missing_attribute_is_false_also_when_negated(test):
    assume(test["op"] != "is_set")
    negated = {**test, "negate": not test["negate"]}
    conditions = [test, negated, {"not": test}, {"none": [negated]}]
    documents = [
        flag(f"f{number}", default_variant="off", rules=[{"name": "r", "when": when, "serve": "on"}])
        for number, when in enumerate(conditions)
    ]

    assert {served.variant for served in rules_of(*documents).evaluate_all({}).values()} == {"off"}


def _is_inside(percentage: float, unit: str, salt: str = "salt") -> bool:
    document = flag(salt=salt, rollout={"unit": "user", "percentage": percentage})
    return bool(rules_of(document).evaluate("screen", None, {"user": unit}).value)


@SMALL
@given(PERCENTAGES, PERCENTAGES, st.text(min_size=1, max_size=20))
def test_unit_inside_a_percentage_is_inside_every_larger_one(one, other, unit):
    low, high = sorted((one, other))

    assert _is_inside(low, unit) <= _is_inside(high, unit)


@SMALL
@given(PERCENTAGES, st.text(min_size=1, max_size=20), CONTEXTS)
def test_unit_keeps_its_bucket_whatever_else_the_context_and_the_document_say(percentage, unit, context):
    variants = {"on": True, "off": False, "third": False}
    document = flag(salt="salt", variants=variants, rollout={"unit": "user", "percentage": percentage})

    served = rules_of(document).evaluate("screen", None, {**context, "user": unit})

    assert served.value == _is_inside(percentage, unit)


@SMALL
@given(PERCENTAGES)
def test_rule_and_rollout_place_units_alike(percentage):
    share = {"unit": "user", "percentage": percentage}
    by_rule = flag(default_variant="off", rules=[{"name": "r", "when": None, "serve": "on", **share}])
    rules = rules_of(by_rule, flag("other", salt="screen", rollout=share))

    for number in range(50):
        context = {"user": f"user-{number}"}
        served = rules.evaluate_all(context)
        assert served["screen"].value == served["other"].value


def test_units_are_spread_evenly():
    """10,000 units in 20 parts: chi-squared with 19 degrees of freedom, beyond 50 once in 7,000 salts."""
    bucket = engine.BUCKETERS["bursar-1"].bucket
    for salt in ("screen", "sales.new-order-screen", "ключ"):
        parts = [0] * 20
        for number in range(10_000):
            parts[bucket(salt, f"user-{number}", 0) * 20 // 100_000] += 1
        assert sum((count - 500) ** 2 / 500 for count in parts) < 50


def test_flags_place_units_independently():
    inside = [[_bucket(salt, n) < 50_000 for n in range(4_000)] for salt in ("one", "two")]
    both = sum(map(all, zip(*inside, strict=True)))

    assert math.isclose(both, 1_000, abs_tol=110)  # four standard deviations


def _bucket(salt: str, number: int) -> int:
    return int(engine.BUCKETERS["bursar-1"].bucket(salt, f"user-{number}", 0))
