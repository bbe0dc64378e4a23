"""Problems of documents: each with its code and place, and all of them together."""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.flag_documents import flag, rules_of, segment, targeted, where
from tests.support.flag_engine import engine

TODAY = date(2026, 6, 1)
OTHERS = {
    "base": flag("base"),
    "back": flag("back", prerequisites=[{"flag": "screen", "variants": ["on"]}]),
    "by-user": flag("by-user", rollout={"unit": "user", "percentage": 5}),
    "for-clerks": targeted({"segment": "testers"}, key="for-clerks"),
    "conditional": targeted({"segment": "of-screen"}, key="conditional"),
}
SEGMENTS = {
    "testers": segment("testers", where("email", "ends_with", "@bursar.example")),
    "outer": segment("outer", {"segment": "inner"}),
    "of-screen": segment("of-screen", {"flag": "screen", "variants": ["on"]}),
}


def problems(document, **fields):
    options = {"flags": OTHERS, "segments": SEGMENTS, "today": TODAY, **fields}
    return engine.validate(document, **options)


def codes(document, **fields):
    return [(problem.code, problem.place) for problem in problems(document, **fields)]


def rule(**fields):
    return flag(rules=[{"name": "r", "when": where("country", "in", "DE"), "serve": "on", **fields}])


def when(condition):
    return flag(rules=[{"name": "r", "when": condition, "serve": "on"}])


def deep(levels):
    condition = where("country", "in", "DE")
    for _ in range(levels):
        condition = {"not": condition}
    return condition


SPLIT = {"serve": None, "unit": "user"}
W = "/rules/0/when"
REFUSED = [
    ([], "wrong_type", ""),
    (flag(format=2), "newer_format", "/format"),
    (flag(format="1"), "wrong_type", "/format"),
    (flag("no spaces"), "bad_key", "/key"),
    (flag("k" * 101), "bad_key", "/key"),
    (flag(type="colour"), "unknown_type", "/type"),
    (flag(variants={}, off_variant=None, default_variant=None), "no_variants", "/variants"),
    (flag(type="integer", variants={"on": 1, "off": True}), "wrong_value_type", "/variants/off"),
    (flag(type="string", variants={"on": "a", "off": None}), "wrong_value_type", "/variants/off"),
    (flag(enabled="yes"), "wrong_type", "/enabled"),
    (flag(default_variant="maybe"), "unknown_variant", "/default_variant"),
    (flag(percentge=5), "unknown_field", "/percentge"),
    (flag(roles=["a", 7]), "wrong_type", "/roles/1"),
    (flag(prerequisites=[{"flag": "absent", "variants": ["on"]}]), "unknown_flag", "/prerequisites/0/flag"),
    (
        flag(prerequisites=[{"flag": "base", "variants": ["blue"]}]),
        "unknown_variant",
        "/prerequisites/0/variants/0",
    ),
    (flag(prerequisites=[{"flag": "screen", "variants": ["on"]}]), "cycle", "/prerequisites/0"),
    (flag(prerequisites=[{"flag": "back", "variants": ["on"]}]), "cycle", "/prerequisites/0"),
    (flag(requires=["back"]), "cycle", "/requires/0"),
    (when({"flag": "conditional", "variants": ["on"]}), "cycle", W),
    (flag(requires=["absent"]), "unknown_flag", "/requires/0"),
    (flag(excludes=["absent"]), "unknown_flag", "/excludes/0"),
    (flag(requires=["base"], excludes=["base"]), "contradiction", "/excludes"),
    (flag(rollout={"unit": "user", "percentage": 100.5}), "percentage_out_of_range", "/rollout/percentage"),
    (flag(rollout={"unit": "user", "percentage": float("nan")}), "wrong_type", "/rollout/percentage"),
    (flag(rollout={"unit": "user", "percentage": True}), "wrong_type", "/rollout/percentage"),
    (flag(rollout={"unit": "planet", "percentage": 5}), "unknown_unit", "/rollout/unit"),
    (flag(rollout={"percentage": 5}), "unknown_unit", "/rollout/unit"),
    (flag(rollout={"unit": "user"}), "missing_field", "/rollout"),
    (
        flag(rollout={"unit": "user", "percentage": 5, "canary": "absent"}),
        "unknown_segment",
        "/rollout/canary/segment",
    ),
    (
        flag(rollout={"unit": "user", "stages": [{"percentage": 50}, {"percentage": 10}]}),
        "stages_not_rising",
        "/rollout/stages/1/percentage",
    ),
    (flag(rollout={"unit": "user", "percentage": 0.0004}), "percentage_too_small", "/rollout/percentage"),
    (flag("-a"), "bad_key", "/key"),
    (flag(".."), "bad_key", "/key"),
    (flag(off_variant="on"), "off_is_on", "/off_variant"),
    (flag(off_variant=None), "off_is_on", "/off_variant"),
    (flag(off_variant="on", dialect={"off": "caller"}), "off_is_on", "/off_variant"),
    (when({"share": {"salt": "s", "unit": "user", "split": 5}}), "bad_value", W + "/share"),
    (when({"share": {"salt": "s", "unit": "user", "split": [["a", "x"]]}}), "bad_value", W + "/share"),
    (
        when({"share": {"salt": "s", "unit": "user", "split": [["a", 1]], "among": 5}}),
        "bad_value",
        W + "/share",
    ),
    (
        when({"share": {"salt": "s", "unit": "user", "percentage": 5, "bucketer": []}}),
        "bad_value",
        W + "/share",
    ),
    (
        when({"share": {"salt": "s", "unit": "user", "percentage": 5, "seed": "q"}}),
        "bad_value",
        W + "/share",
    ),
    (flag(posting=True, roles=["clerk"]), "posting_person", "/roles"),
    (flag(posting=True, prerequisites=[{"flag": "by-user", "variants": ["on"]}]), "posting_person", ""),
    (flag(posting=True, requires=["for-clerks"]), "posting_person", ""),
    (
        flag(posting=True, rules=[{"when": where("email", "in", "a"), "serve": "on"}]),
        "posting_person",
        "/rules/0/when/attribute",
    ),
    (flag(posting=True, rules=[{"when": {"segment": "testers"}, "serve": "on"}]), "posting_person", ""),
    (
        flag(
            posting=True,
            rules=[{"when": {"share": {"salt": "s", "unit": "user", "percentage": 5}}, "serve": "on"}],
        ),
        "posting_person",
        "/rules",
    ),
    (flag(bucketer="bursar-0"), "unknown_bucketer", "/bucketer"),
    (flag(posting=True, rollout={"unit": "user", "percentage": 5}), "posting_unit", "/rollout/unit"),
    (rule(serve="blue"), "unknown_variant", "/rules/0/serve"),
    (rule(percentage=-1, unit="user"), "percentage_out_of_range", "/rules/0/percentage"),
    (rule(split=[["on", 50]]), "missing_field", "/rules/0"),
    (when({"sometimes": True}), "unknown_condition", W),
    (when({"all": [], "any": []}), "unknown_condition", W),
    (when({"all": [7]}), "wrong_type", W + "/all/0"),
    (when({"segment": "absent"}), "unknown_segment", W + "/segment"),
    (when(where("a", "resembles", "x")), "unknown_operator", W + "/op"),
    (when(where("a", "in")), "missing_field", W + "/values"),
    (when(where("a", "gt", "many")), "bad_number", W + "/values/0"),
    (when(where("a", "between", 3, 1)), "bad_number", W + "/values/0"),
    (when(where("a", "before", "tomorrow")), "bad_date", W + "/values/0"),
    (when(where("a", "semver_gt", "one")), "bad_semver", W + "/values/0"),
    (when(where("a", "cidr", "10.0.0.0/8", "10.0.0.300")), "bad_address", W + "/values/1"),
    (when(where("a", "matches", "(")), "bad_regex", W + "/values/0"),
    (when(where("a", "matches", "(?=look)")), "bad_regex", W + "/values/0"),
    (when(where("a", "starts_with", 7)), "wrong_type", W + "/values/0"),
    (when({"not": {"all": [where("a", "gt", "many")]}}), "bad_number", W + "/not/all/0/values/0"),
    (when(deep(30)), "too_deep", W + "/not" * 21),
    (segment("self", {"segment": "self"}), "cycle", "/when/segment"),
    (segment("inner", {"any": [{"segment": "outer"}]}), "cycle", "/when/any/0/segment"),
    (segment("s", {"segment": "absent"}), "unknown_segment", "/when/segment"),
    (flag(expires_on="2026-05-31"), "expiry_in_the_past", "/expires_on"),
    (flag(expires_on="soon"), "bad_date", "/expires_on"),
]


@pytest.mark.parametrize(("document", "code", "place"), REFUSED, ids=lambda value: str(value)[:40])
def test_problem_with_its_code_and_place(document, code, place):
    assert [problem for problem in codes(document) if problem == (code, place)]


@pytest.mark.parametrize("document", [flag(), *OTHERS.values(), *SEGMENTS.values()], ids=str)
def test_document_without_problems(document):
    documents = {**SEGMENTS, "inner": segment("inner", {"op": "always"})}

    assert problems(document, flags={**OTHERS, "screen": flag()}, segments=documents) == []


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ([["on", 60], ["off", 60]], "percentages_over_100"),
        ([["on", 60], ["off", 20]], "percentages_under_100"),
    ],
)
def test_parts_of_a_split_are_100_percent(parts, code):
    document = flag(rules=[{"name": "r", "when": None, "split": parts, "unit": "user"}])

    assert (code, "/rules/0/split") in codes(document)


def test_thirds_are_100_percent():
    parts = [["on", 33.33], ["off", 66.66]]
    document = flag(rules=[{"name": "r", "when": None, "split": parts, "unit": "user"}])

    assert codes(document) == [("always_true", "/rules/0/when")]


def test_all_problems_are_reported_together():
    document = targeted(
        where("a", "gt", "many"),
        where("b", "cidr", "nowhere"),
        requires=["absent"],
        rollout={"unit": "planet", "percentage": 500},
    )

    assert {code for code, _ in codes(document)} == {
        *("bad_number", "bad_address", "unknown_flag", "unknown_unit", "percentage_out_of_range")
    }


def test_attribute_that_no_context_has():
    document = targeted(
        where("contry", "in", "DE"), where("email", "is_set"), where("now", "after", "2026-01-01")
    )
    document["rollout"] = {"unit": "attribute:sesion", "percentage": 5}

    assert codes(document, known_attributes=frozenset({"country"})) == [
        ("unknown_attribute", "/rules/0/when/attribute"),
        ("unknown_attribute", "/rollout/unit"),
    ]
    assert codes(document) == []


def test_rule_after_one_that_always_decides_is_unreachable():
    document = targeted({"any": [where("a", "is_set"), {"op": "always"}]}, where("a", "in", "x"))

    assert codes(document) == [("always_true", "/rules/0/when"), ("unreachable_rule", "/rules/1")]
    assert [problem.is_warning for problem in problems(document)] == [True, False]


def test_rule_with_the_condition_of_an_earlier_one_is_unreachable():
    assert codes(targeted(where("a", "in", "x"), where("a", "in", "x"))) == [("unreachable_rule", "/rules/1")]


def test_rule_after_a_percentage_is_reachable_in_the_dialect_of_any_match():
    rules = [
        {"name": "some", "when": None, "serve": "on", "percentage": 5, "unit": "user"},
        {"name": "rest", "when": where("a", "in", "x"), "serve": "on"},
    ]

    assert ("unreachable_rule", "/rules/1") in codes(flag(rules=rules))
    assert ("unreachable_rule", "/rules/1") not in codes(flag(rules=rules, dialect={"match": "any"}))


def test_rule_that_never_holds_is_a_warning():
    document = targeted({"any": []}, where("now", "before", "2026-06-01"))

    assert codes(document) == [("never_true", "/rules/1/when/values/0"), ("never_true", "/rules/0/when")]
    assert all(problem.is_warning for problem in problems(document))


def test_document_of_five_megabytes_is_refused():
    document = targeted(where("user", "in", *(f"user-{n:040}" for n in range(100_000))))

    assert codes(document) == [("too_large", "")]


def test_document_that_nests_without_end_is_refused():
    assert codes(when(deep(100_000))) == [("too_deep", "")]


def test_value_that_is_no_json_is_refused():
    assert codes(flag(type="object", variants={"on": {1, 2}, "off": {}})) == [("wrong_type", "")]


def test_pointers_escape_keys():
    document = flag(variants={"on": True, "off": False, "a/b~c": 7})

    assert codes(document) == [("wrong_value_type", "/variants/a~1b~0c")]


def test_valid_document_is_never_an_error():
    document = targeted(where("country", "in", "DE"))

    assert problems(document) == []
    assert rules_of(document).evaluate("screen", None, {"country": "DE"}).reason == "RULE_MATCH"


@pytest.mark.parametrize(
    ("override", "code", "place"),
    [
        ({"variants": {}}, "override_widens", "/variants"),
        ({"default_variant": "on"}, "override_widens", "/default_variant"),
        ({"roles": ["auditor"]}, "override_widens", "/roles/0"),
        ({"percentage": 130}, "percentage_out_of_range", "/percentage"),
        ({"percentage": 60}, "without_effect", "/percentage"),
        ({"enabled": "no"}, "wrong_type", "/enabled"),
        ({"format": 9}, "newer_format", "/format"),
        (None, "wrong_type", ""),
    ],
)
def test_override_only_narrows(override, code, place):
    document = flag(roles=["clerk"], rollout={"unit": "user", "percentage": 50})

    problems = engine.validate_override(override, document)

    assert [(problem.code, problem.place) for problem in problems] == [(code, place)]


def test_override_without_problems():
    document = {"format": 1, "key": "screen", "enabled": False, "roles": ["clerk"], "percentage": 5}

    assert engine.validate_override(document, flag()) == []
    assert engine.override_of(document, 9) == engine.Override(False, ("clerk",), 5.0, 9)


class TestConflicts:
    def test_broken_on_the_population(self):
        rules = rules_of(
            targeted(where("country", "in", "DE"), key="a", requires=["b"]),
            targeted(where("plan", "in", "team"), key="b"),
            flag("c", excludes=["a"]),
        )
        contexts = [
            {"country": country, "plan": plan} for country in ("DE", "FR") for plan in ("team", "free")
        ]

        problems = engine.conflicts(rules, contexts)

        assert [(problem.code, problem.place) for problem in problems] == [
            ("excludes_broken", "/c/excludes/0"),
            ("requires_broken", "/a/requires/0"),
        ]
        assert "for 1 of 4 contexts" in problems[1].message
        assert "for 2 of 4 contexts" in problems[0].message

    def test_satisfied_by_the_population(self):
        rules = rules_of(flag("a", implies=["b"]), flag("b"))

        assert engine.conflicts(rules, [{}, {"user": "1"}]) == []

    def test_contradictions_and_unknown_flags(self):
        rules = rules_of(flag("a", requires=["b"]), flag("b", excludes=["a"]), flag("c", excludes=["absent"]))

        assert [(problem.code, problem.place) for problem in engine.conflicts(rules, [])] == [
            ("contradiction", "/b/excludes/0"),
            ("unknown_flag", "/c/excludes/0"),
        ]


def chained(count, width):
    """Flags that need the next ones, as many as `width`."""
    needed = [range(n + 1, min(n + 1 + width, count)) for n in range(count)]
    prerequisites = [[{"flag": f"f{n}", "variants": ["on"]} for n in others] for others in needed]
    return [flag(f"f{n}", prerequisites=prerequisites[n]) for n in range(count)]


@pytest.mark.parametrize(("count", "width"), [(800, 1), (60, 60), (60, 2)])
def test_flag_that_needs_too_many_others_is_refused_and_not_evaluated(count, width):
    documents = {document["key"]: document for document in chained(count, width)}
    rules = rules_of(*documents.values())

    assert ("too_deep", "/prerequisites") in codes(documents["f0"], flags=documents)
    assert rules.evaluate("f0", "mine", {}) == ("mine", None, "ERROR", None, 7)
    assert rules.evaluate(f"f{count - 5}", None, {}).variant == "on"
    assert rules.evaluate_all({})[f"f{count - 1}"].variant == "on"


def test_flag_that_names_another_often_counts_each_time():
    test = {"any": [{"flag": "f1", "variants": ["on"]}] * 30}
    documents = {
        "f1": targeted({"any": [{"flag": "f2", "variants": ["on"]}] * 30}, key="f1"),
        "f2": flag("f2"),
    }

    assert ("too_deep", "/prerequisites") in codes(targeted(test, key="f0"), flags=documents)


def test_boolean_flag_of_another_dialect_may_be_off_by_its_caller():
    assert codes(flag(off_variant=None, dialect={"off": "caller"})) == []


def test_posting_flag_that_places_companies_has_no_problem():
    document = flag(
        posting=True,
        rules=[{"when": where("country", "in", "DE"), "serve": "on"}],
        rollout={"unit": "company", "percentage": 5},
    )

    assert codes(document) == []


def test_override_of_a_posting_flag_is_for_all_users():
    override = {"format": 1, "key": "screen", "roles": ["clerk"]}

    assert [p.code for p in engine.validate_override(override, flag(posting=True))] == ["posting_person"]
    assert engine.validate_override(override, flag()) == []


@pytest.mark.parametrize(
    ("start", "end", "warned"),
    [
        ("2026-07-02", "2026-07-01", True),
        ("2026-07-01", "2026-07-02", False),
        ("2026-07-01", "2026-07-01", True),
    ],
)
def test_period_that_ends_before_it_begins_is_a_warning(start, end, warned):
    period = {"all": [where("now", "after", start), where("now", "before", end)]}

    warnings = [problem for problem in problems(when(period)) if problem.code == "never_true"]

    assert bool(warnings) is warned
    assert all(problem.is_warning for problem in warnings)
