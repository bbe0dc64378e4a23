"""Operators of conditions, and what a missing attribute means."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from tests.support.flag_documents import flag, holds, rules_of, segment, targeted, where

ID = UUID("7a3e1f0c-5a0e-4f5b-9a55-0d6f3e1c2b4a")

HOLDS = [
    (where("a", "in", "x", "y"), "y"),
    (where("a", "in", "x", "y"), ["z", "x"]),
    (where("a", "in", "x", "y"), {"x"}),
    (where("a", "in", "X", ignore_case=True), "x"),
    (where("a", "in", "x", negate=True), "y"),
    (where("a", "in", str(ID)), ID),
    (where("a", "in", 1, 2), 2),
    (where("a", "in", 1), 1.0),
    (where("a", "in", True), True),
    (where("a", "equals", "x"), "x"),
    (where("a", "contains", "ell", "z"), "hello"),
    (where("a", "starts_with", "hel"), "hello"),
    (where("a", "ends_with", "LO", ignore_case=True), "hello"),
    (where("a", "matches", "^h.l+o$"), "hello"),
    (where("a", "matches", "^H", ignore_case=True), "hello"),
    (where("a", "eq", 10), "10"),
    (where("a", "eq", 0.1), Decimal("0.1")),
    (where("a", "lt", 10), 9),
    (where("a", "lte", 10.5), 10.5),
    (where("a", "gt", 10), Decimal("10.01")),
    (where("a", "gte", 10), "10.0"),
    (where("a", "between", 1, 3), 3),
    (where("a", "before", "2026-01-01"), date(2025, 12, 31)),
    (where("a", "before", "2026-01-01T00:00:00+01:00"), "2025-12-31T22:59:59Z"),
    (where("a", "after", "2026-01-01"), datetime(2026, 1, 2, tzinfo=UTC)),
    (where("a", "after", "2025-12-31T23:59:59Z"), date(2026, 1, 1)),
    (where("a", "semver_eq", "1.2.0"), "1.2"),
    (where("a", "semver_gt", "1.0.0-rc.1"), "1.0.0"),
    (where("a", "semver_gt", "1.0.0-alpha.9"), "1.0.0-alpha.10"),
    (where("a", "semver_lt", "1.0.0-alpha.beta"), "1.0.0-alpha.1"),
    (where("a", "semver_gte", "2.0.0"), "v2.0.0+build.7"),
    (where("a", "semver_lte", "2.0.0"), "1.99.99"),
    (where("a", "cidr", "10.0.0.0/8", "2001:db8::/32"), "10.255.0.1"),
    (where("a", "cidr", "10.0.0.0/8", "2001:db8::/32"), "2001:db8::1"),
    (where("a", "cidr", "10.0.0.0/8"), "::ffff:10.0.0.1"),
    (where("a", "cidr", "10.0.0.7"), "10.0.0.7"),
    (where("a", "is_set"), ""),
    ({"op": "always"}, None),
]
HOLDS_NOT = [
    (where("a", "in", "x"), "X"),
    (where("a", "in", 1), True),
    (where("a", "in", True), 1),
    (where("a", "in", "1"), 1),
    (where("a", "in", "x", negate=True), ["y", "x"]),
    (where("a", "matches", "^b"), "ab\nb"),
    (where("a", "gt", 0), True),
    (where("a", "gt", 0), "many"),
    (where("a", "gt", 0, negate=True), "many"),
    (where("a", "gt", 0), float("nan")),
    (where("a", "after", "2026-01-01"), datetime(2026, 1, 1, 12, tzinfo=UTC)),
    (where("a", "before", "2026-01-01", negate=True), "soon"),
    (where("a", "semver_eq", "1.2.0", semver="strict"), "1.2"),
    (where("a", "semver_gt", "1.0.0", negate=True), "latest"),
    (where("a", "cidr", "10.0.0.0/8"), "2001:db8::1"),
    (where("a", "cidr", "10.0.0.0/8", negate=True), "localhost"),
    (where("a", "is_set"), None),
    ({"op": "always", "negate": True}, None),
]


@pytest.mark.parametrize(("condition", "value"), HOLDS)
def test_condition_holds(condition, value):
    assert holds(condition, a=value)


@pytest.mark.parametrize(("condition", "value"), HOLDS_NOT)
def test_condition_does_not_hold(condition, value):
    assert not holds(condition, a=value)


OF_ONE = {
    "in": "x",
    "eq": 1,
    "before": "2026-01-01",
    "semver_lt": "1.0.0",
    "cidr": "10.0.0.0/8",
    "matches": "x",
}


@pytest.mark.parametrize("op", OF_ONE)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda test: test,
        lambda test: {**test, "negate": True},
        lambda test: {"not": test},
        lambda test: {"not": {**test, "negate": True}},
        lambda test: {"none": [test]},
        lambda test: {"not": {"all": [test, {"op": "always"}]}},
        lambda test: {"not": {"not": {"not": test}}},
    ],
)
def test_missing_attribute_is_false_also_when_negated(op, wrap):
    condition = wrap(where("a", op, OF_ONE[op]))

    assert not holds(condition)
    assert not holds(condition, a=None)


def test_missing_attribute_is_false_in_a_negated_segment():
    rules = rules_of(
        targeted({"not": {"segment": "inner"}}), segments=[segment("inner", where("country", "in", "DE"))]
    )

    assert rules.evaluate("screen", None, {}).variant == "off"
    assert rules.evaluate("screen", None, {"country": "FR"}).variant == "on"
    assert rules.evaluate("screen", None, {"country": "DE"}).variant == "off"


def test_missing_attribute_is_true_when_negated_in_that_dialect():
    dialect = {"missing": True}
    rules = rules_of(targeted(where("a", "in", "x", negate=True), dialect=dialect))

    assert rules.evaluate("screen", None, {}).variant == "on"
    assert holds(where("a", "in", "x", negate=True, missing=True))
    assert not holds(where("a", "in", "x", missing=True))


def test_negated_is_set_holds_for_a_missing_attribute():
    assert holds(where("a", "is_set", negate=True))
    assert not holds({"not": where("a", "is_set")}, a="x")


def test_combined_conditions():
    either = {"any": [where("a", "in", "x"), where("b", "gt", 5)]}

    assert holds(either, b=6)
    assert not holds({"none": [where("a", "in", "x"), where("b", "gt", 5)]}, a="y", b=6)
    assert holds({"none": [where("a", "in", "x"), where("b", "gt", 5)]}, a="y", b=5)
    assert not holds({"all": [either, where("c", "is_set")]}, b=6)
    assert holds({"all": []})
    assert not holds({"any": []})


def test_condition_on_another_flag():
    rules = rules_of(
        targeted({"flag": "base", "variants": ["on"]}), targeted(where("country", "in", "DE"), key="base")
    )

    assert rules.evaluate("screen", None, {"country": "DE"}).variant == "on"
    assert rules.evaluate("screen", None, {"country": "FR"}).variant == "off"


def test_time_of_evaluation_is_the_attribute_now():
    rules = rules_of(targeted(where("now", "after", "2026-01-01T00:00:00Z")))

    assert rules.evaluate("screen", None, {"now": datetime(2025, 12, 31, tzinfo=UTC)}).variant == "off"
    assert rules.evaluate("screen", None, {}).variant == "on"
    assert rules.evaluate("screen", None, {}, as_of=datetime(2025, 1, 1, tzinfo=UTC)).variant == "off"


def test_condition_of_a_kind_that_an_importer_registered(monkeypatch):
    from tests.support.flag_engine import engine

    monkeypatch.setitem(engine.CONDITIONS, "longer-than", lambda least: lambda c: len(c["a"]) > least)
    monkeypatch.setitem(engine.CHOICES, "by-name", lambda attribute: lambda c: c.get(attribute))

    assert holds({"longer-than": 2}, a="abc")
    assert not holds({"not": {"longer-than": 2}}, a="abc")
    rules = rules_of(flag(rules=[{"name": "named", "choose": {"by-name": "named"}}]))
    assert rules.evaluate("screen", None, {"named": "off"})[1:4] == ("off", "RULE_MATCH", "named")
    assert rules.evaluate("screen", None, {})[1:3] == ("on", "DEFAULT")
    assert rules.evaluate("screen", None, {"named": "absent"})[:3] == (None, None, "ERROR")
