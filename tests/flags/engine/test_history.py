"""Revisions of the past and of the future, replayed and awaited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.flag_documents import flag, segment, targeted, where
from tests.support.flag_engine import engine, module

MARCH, APRIL, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 6))
DAY = timedelta(days=1)


def entry(document, revision, start, **fields):
    return engine.Entry(document, revision, effective_at=start, **fields)


@pytest.fixture
def clock(monkeypatch):
    """The time of the engine, which a test moves."""

    class Clock(datetime):
        current = APRIL

        @classmethod
        def now(cls, tz=None):
            return cls.current

    monkeypatch.setattr(module("rule_set"), "datetime", Clock)
    monkeypatch.setattr(module("history"), "datetime", Clock)
    return Clock


def test_replay_of_a_past_moment():
    rules = engine.RuleSet([entry(flag(enabled=False), 1, MARCH), entry(flag(), 2, APRIL)])

    assert rules.evaluate("screen", None, {})[1:] == ("on", "DEFAULT", None, 2)
    assert rules.evaluate("screen", None, {}, as_of=APRIL)[1:] == ("on", "DEFAULT", None, 2)
    assert rules.evaluate("screen", None, {}, as_of=APRIL - DAY)[1:] == ("off", "DISABLED", None, 1)
    assert rules.evaluate("screen", 5, {}, as_of=MARCH - DAY) == (5, None, "UNKNOWN_FLAG", None, 0)
    assert rules.explain("screen", None, {}, as_of=APRIL - DAY).evaluation.revision == 1


def test_replay_reads_a_moment_without_a_time_zone_as_utc():
    rules = engine.RuleSet([entry(flag(enabled=False), 1, MARCH), entry(flag(), 2, APRIL)])

    assert rules.evaluate("screen", None, {}, as_of=datetime(2026, 3, 31)).revision == 1  # noqa: DTZ001


def test_revision_is_served_from_the_later_of_its_two_moments():
    late = engine.Entry(flag(), 2, effective_at=MARCH, published_at=APRIL)
    rules = engine.RuleSet([engine.Entry(flag(enabled=False), 1), late])

    assert rules.evaluate("screen", None, {}, as_of=APRIL - DAY).revision == 1
    assert rules.evaluate("screen", None, {}, as_of=APRIL).revision == 2


def test_replay_of_a_kill():
    rules = engine.RuleSet([entry(flag(), 1, MARCH), entry(flag(), 1, APRIL, killed=True)])

    assert rules.evaluate("screen", None, {}).reason == "KILLED"
    assert rules.evaluate("screen", None, {}, as_of=APRIL - DAY).reason == "DEFAULT"


def test_removed_flag_is_unknown_and_was_known():
    rules = engine.RuleSet([entry(flag(), 1, MARCH), entry(None, 2, APRIL, key="screen")])

    assert rules.evaluate("screen", "mine", {}).reason == "UNKNOWN_FLAG"
    assert rules.keys == frozenset()
    assert rules.evaluate("screen", None, {}, as_of=APRIL - DAY).variant == "on"


def test_replay_uses_the_segment_of_that_moment():
    document = targeted({"segment": "testers"})
    segments = [
        entry(segment("testers", where("country", "in", "DE")), 1, MARCH),
        entry(segment("testers", where("country", "in", "FR")), 2, APRIL),
    ]
    rules = engine.RuleSet([engine.Entry(document)], segments)

    assert rules.evaluate("screen", None, {"country": "FR"}).variant == "on"
    assert rules.evaluate("screen", None, {"country": "FR"}, as_of=APRIL - DAY).variant == "off"
    assert rules.evaluate("screen", None, {"country": "DE"}, as_of=APRIL - DAY).variant == "on"


def test_revision_of_the_future_is_served_from_its_moment(clock):
    rules = engine.RuleSet([entry(flag(enabled=False), 1, MARCH), entry(flag(), 2, JUNE)])
    view = rules.for_tenant(engine.TenantLayer("t1"))

    assert [served.evaluate("screen", None, {}).revision for served in (rules, view)] == [1, 1]
    assert rules.evaluate("screen", None, {}, as_of=JUNE).revision == 2

    clock.current = JUNE

    assert [served.evaluate("screen", None, {}).revision for served in (rules, view)] == [2, 2]
    assert rules.evaluate_all({})["screen"].revision == 2
    assert rules.explain("screen", None, {}).evaluation.revision == 2
    assert rules.evaluate("absent", "mine", {}).reason == "UNKNOWN_FLAG"


def test_revision_of_the_future_does_not_revive_a_killed_flag(clock):
    rules = engine.RuleSet([entry(flag(), 1, MARCH, killed=True), entry(flag(), 2, JUNE)])

    clock.current = JUNE

    assert rules.evaluate("screen", None, {})[1:3] == ("off", "KILLED")


def test_replays_of_many_moments_keep_few_states():
    entries = [entry(flag(), number, MARCH + number * DAY) for number in range(60)]
    rules = engine.RuleSet(entries)

    replayed = [rules.evaluate("screen", None, {}, as_of=MARCH + n * DAY).revision for n in range(60)]

    assert replayed == list(range(60))
    assert len(rules._compiled) < 20


@pytest.mark.parametrize(
    "entries",
    [
        [entry(flag(), 1, MARCH, killed=True), entry(None, 2, APRIL, key="screen", killed=True)],
        [engine.Entry(None, killed=True, key="screen")],
        [engine.Entry(None, killed=True, key="screen"), entry(flag(), 1, JUNE, killed=True)],
    ],
    ids=["removed", "without a document", "not served yet"],
)
def test_killed_flag_without_a_document_stays_closed(clock, entries):
    rules = engine.RuleSet(entries)

    for view in (rules, rules.for_tenant(engine.TenantLayer("t1"))):
        assert view.evaluate("screen", True, {})[:3] == (False, None, "KILLED")
        assert view.explain("screen", True, {}).evaluation[:3] == (False, None, "KILLED")
    assert rules.evaluate("screen", "mine", {}).value == "mine"


def test_environment_and_tenant_close_a_flag_without_a_document():
    rules = engine.RuleSet([], environment={"SCREEN": False})
    narrowed = engine.TenantLayer("t1", overrides={"screen": engine.Override(enabled=False)})

    assert rules.evaluate("screen", True, {})[:3] == (False, None, "DISABLED_BY_ENVIRONMENT")
    view = engine.RuleSet([]).for_tenant(narrowed)
    assert view.evaluate("screen", True, {})[:3] == (False, None, "NARROWED_BY_TENANT")
    assert view.evaluate("other", True, {})[:3] == (True, None, "UNKNOWN_FLAG")


def test_unreadable_flag_that_is_killed_is_off():
    rules = engine.RuleSet([engine.Entry({**flag(), "type": "colour"}, killed=True)])

    assert rules.evaluate("screen", True, {})[:3] == (False, None, "KILLED")
