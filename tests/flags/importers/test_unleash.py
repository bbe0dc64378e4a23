"""What the importer of Unleash makes of a state: buckets, dependencies, and what it reports, with bugs of peers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from apps.flags.engine import RuleSet, validate
from apps.flags.engine.importers import import_unleash
from apps.flags.importers import unleash_evaluator
from tests.support.unleash_states import States


def feature(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"name": name, "enabled": True, "strategies": [{"name": "default"}], **members}


def rollout(percentage: int, stickiness: str = "default", **members: Any) -> dict[str, Any]:
    parameters = {"rollout": str(percentage), "stickiness": stickiness, "groupId": "g"}
    return {"name": "flexibleRollout", "parameters": parameters, **members}


def constrained(operator: str, name: str = "x", **members: Any) -> dict[str, Any]:
    return {"name": "default", "constraints": [{"contextName": name, "operator": operator, **members}]}


def evaluator(*features: dict[str, Any], **state: Any) -> Any:
    return unleash_evaluator({"version": 2, "features": list(features), **state})


def problems(*features: dict[str, Any], **state: Any) -> list[tuple[str, str, bool]]:
    imported = import_unleash({"version": 2, "features": list(features), **state})
    return [(code, pointer, is_warning) for code, pointer, _, is_warning in imported.problems]


def test_a_user_keeps_the_bucket_and_the_variant_of_unleash():
    variants = [{"name": "blue", "weight": 1}, {"name": "red", "weight": 2}]
    flags = evaluator(feature(strategies=[rollout(50)]), feature("v", variants=variants))

    users = [{"userId": f"user-{number}"} for number in range(16)]

    assert "".join("x" if flags.is_enabled("f", user) else "." for user in users) == "xxx.xx....x..x.x"
    assert "".join(flags.get_variant("v", user)["name"][0] for user in users) == "rrbrrrrrrbrrrrrr"


def test_a_rollout_with_random_stickiness_has_its_percentage():
    """Unleash/yggdrasil #345: the percentage was squared, since the unit was placed twice."""
    overrides = [{"contextName": "x", "values": ["1"]}]
    variants = [{"name": "a", "weight": 1}, {"name": "b", "weight": 1, "overrides": overrides}]
    flags = evaluator(
        feature("own", strategies=[rollout(50, "random", variants=[{"name": "a", "weight": 1}])]),
        feature("of-feature", strategies=[rollout(50, "random")], variants=variants),
    )

    for name in ("own", "of-feature"):
        for context in ({}, {"x": "1"}):
            counts = Counter(flags.is_enabled(name, context) for _ in range(3_000))
            assert 1_200 < counts[True] < 1_800  # eleven standard deviations


def test_weights_that_are_all_zero_leave_the_flag_on_without_a_variant():
    """yggdrasil-engine 2.0.0 divides by zero."""
    zero = feature(variants=[{"name": "a", "weight": 0}])

    assert evaluator(zero).get_variant("f", {"userId": "1"}) == {
        "name": "disabled",
        "enabled": False,
        "feature_enabled": True,
    }
    assert ("no_weight", "/features/0", True) in problems(zero)


def test_one_wrong_type_closes_its_flag_and_no_other():
    """yggdrasil-engine refuses the whole state, and serves the one before."""
    wrong = feature("wrong", strategies=[constrained("IN", values="DE")])

    flags = evaluator(feature(), wrong)

    assert flags.is_enabled("f", {}) is True
    assert flags.is_enabled("wrong", {"x": "DE"}) is False
    assert problems(feature(), wrong) == [
        ("wrong_type", "/features/1/strategies/0/constraints/0/values", False)
    ]


@pytest.mark.parametrize(
    ("strategy", "code"),
    [
        (constrained("NOT_AN_OPERATOR", values=["1"]), "unknown_operator"),
        (constrained("NUM_GT", value="many"), "bad_value"),
        (constrained("STR_CONTAINS", values=[]), "missing_field"),
        (constrained("IN", values=["a\\"]), "bad_value"),
        ({"name": "default", "segments": [7]}, "unknown_segment"),
        (rollout(101), "percentage_out_of_range"),
    ],
)
def test_a_strategy_that_unleash_cannot_compile_closes_the_flag_with_a_problem(strategy, code):
    flag = feature(strategies=[{"name": "default"}, strategy])

    assert evaluator(flag).is_enabled("f", {"x": "1"}) is False
    assert problems(flag) == [(code, "/features/0/strategies/1", False)]


@pytest.mark.parametrize(
    ("strategy", "code"),
    [
        (constrained("REGEX", value="(a"), "bad_regex"),
        (constrained("REGEX", value="a(?=b)"), "bad_regex"),
        (constrained("IN_CIDR", values=["10.0.0.0/33"]), "bad_address"),
        (constrained("SEMVER_GT", value="v1.2.3"), "bad_semver"),
        ({"name": "flexibleRollout", "parameters": {"rollout": "12.5"}}, "bad_percentage"),
        ({"name": "gradualRolloutUserId", "parameters": {"percentage": "100"}}, "missing_field"),
        ({"name": "of-the-application"}, "unknown_strategy"),
    ],
)
def test_a_strategy_that_never_holds_is_reported_and_leaves_the_others(strategy, code):
    single, beside = feature(strategies=[strategy]), feature("g", strategies=[strategy, {"name": "default"}])

    flags = evaluator(single, beside)

    assert (flags.is_enabled("f", {"x": "ab"}), flags.is_enabled("g", {"x": "ab"})) == (False, True)
    assert (code, "/features/0/strategies/0", True) in problems(single)


def test_dependencies_on_a_feature_with_dependencies_and_cycles_close_the_flag():
    """Unleash #2255: no chains, no cycles."""
    chain = [
        feature("a"),
        feature("b", dependencies=[{"feature": "a"}]),
        feature("c", dependencies=[{"feature": "b"}]),
    ]
    cycle = [feature("d", dependencies=[{"feature": "e"}]), feature("e", dependencies=[{"feature": "d"}])]

    flags = evaluator(*chain, *cycle, feature("f", dependencies=[{"feature": "gone"}]))

    assert [name for name in "abcdef" if flags.is_enabled(name, {})] == ["a", "b"]
    assert [pointer for _, pointer, _, _ in flags.imported.problems] == [
        "/features/2/dependencies/0",
        "/features/3/dependencies/0",
        "/features/4/dependencies/0",
        "/features/5/dependencies/0",
    ]


def test_a_dependency_on_a_disabled_parent_with_variants_is_decided_as_by_the_engine_in_rust():
    """The SDKs of Unleash in Rust and Node differ here."""
    parent = feature("parent", enabled=False, variants=[{"name": "a", "weight": 1}])
    children = [
        feature(wanted, dependencies=[{"feature": "parent", "enabled": False, "variants": [wanted]}])
        for wanted in "ab"
    ]

    flags = evaluator(parent, *children)

    assert (flags.is_enabled("a", {}), flags.is_enabled("b", {})) == (True, False)
    assert {problem.code for problem in flags.imported.problems} == {"copied_dependency"}


def test_a_dependency_is_a_native_prerequisite_that_follows_its_parent():
    state = {"features": [feature("parent"), feature("child", dependencies=[{"feature": "parent"}])]}
    imported = import_unleash(state)
    flags, _ = imported.entries()

    assert imported.flags[1]["prerequisites"] == [{"flag": "parent", "variants": ["on"]}]

    assert RuleSet(flags).evaluate("child", None, {}).value is True
    parent = replace(flags[0], killed=True)
    assert RuleSet([parent, flags[1]]).evaluate("child", None, {}).value is False


def test_attributes_get_their_native_names():
    strategies = [
        rollout(100),
        constrained("IN_CIDR", "remoteAddress", values=["10.0.0.0/8"]),
        constrained("DATE_AFTER", "currentTime", value="2022-01-29T13:00:00Z"),
    ]
    imported = import_unleash(
        {"features": [feature(str(n), strategies=[s]) for n, s in enumerate(strategies)]}
    )
    rules = RuleSet(*imported.entries())

    def is_on(key: str, **context: Any) -> bool:
        return bool(rules.evaluate(key, None, context).value)

    assert is_on("0", user="1")
    assert is_on("1", ip="10.1.1.1")
    assert is_on("2")
    assert not is_on("2", now=dt.datetime(2022, 1, 29, 13, tzinfo=dt.UTC))


def test_names_that_are_no_keys_get_keys_that_differ():
    names = ("grün", "a b", "日本", "x" * 300)
    flags = evaluator(*map(feature, names), feature("gr?n", enabled=False))

    keys = flags.imported.keys
    assert len(set(keys.values())) == 5
    assert all(len(key) <= 100 and key.isascii() for key in keys.values())
    assert [flags.is_enabled(name, {}) for name in keys] == [True, True, True, True, False]


def test_a_strategy_after_one_that_always_holds_is_left_out_with_a_warning():
    flag = feature(strategies=[{"name": "default"}, rollout(10)])

    assert len(import_unleash({"features": [flag]}).flags[0]["rules"]) == 1
    assert ("unreachable_rule", "/features/0", True) in problems(flag)


@pytest.mark.exhaustive("600 states", inside=True)
def test_imported_documents_are_valid_and_explained_as_they_are_evaluated(sample):
    for seed in sample.of(range(600), 12):
        states = States(seed, odd=0.05)
        imported = import_unleash(states.state(), names={})
        flags = {flag["key"]: flag for flag in imported.flags}
        segments = {segment["key"]: segment for segment in imported.segments}
        rules = RuleSet(*imported.entries())

        assert rules.broken == {}
        for document in (*imported.flags, *imported.segments):
            problems = validate(document, flags=flags, segments=segments, today=dt.date(2026, 12, 1))
            assert [problem for problem in problems if not problem.is_warning] == []
        context = {**states.context(), "userId": "1", "sessionId": "2", "environment": "e", "country": "c"}
        for key in flags:
            assert rules.explain(key, None, context).evaluation == rules.evaluate(key, None, context)
