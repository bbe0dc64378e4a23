"""Closing a period, for good."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.kernel import clock
from apps.kernel.errors import Conflict, Refusal, SeveralRefusals
from apps.periods import hooks, queries
from apps.periods.commands import ClosePeriod
from apps.periods.errors import (
    EarlierPeriodIsOpen,
    PeriodIsClosed,
    PeriodNotFound,
    PeriodsRefusal,
    ReasonTooShort,
)
from apps.settings.commands import ChangeSetting

REASON = "The month is over."


class ShelfIsUnsorted(PeriodsRefusal, Conflict):
    message = "The shelf is unsorted."


def close(period, actor, reason=REASON):
    return dispatch(ClosePeriod(period_id=period.pk, reason=reason), actor=actor)


def test_a_closed_period_says_when_by_whom_and_why(january, controller):
    period = close(january, controller)

    january.refresh_from_db()
    assert not january.is_open
    assert (january.close_version, january.closed_by, january.close_reason) == (1, str(controller), REASON)
    assert abs((clock.now() - january.closed_at).total_seconds()) < 60
    assert period.close_version == 1


def test_it_is_told_and_recorded(january, controller):
    close(january, controller)

    assert OutboxEvent.objects.get(name="period.closed").payload["code"] == january.code
    record = Record.objects.get(command="periods.close_period")
    assert record.reason == REASON
    assert {
        "object": f"periods.period:{january.pk}",
        "field": "status",
        "before": "open",
        "after": "closed",
    } in (record.changes)


def test_periods_are_closed_in_order(january, february, controller):
    with pytest.raises(EarlierPeriodIsOpen):
        close(february, controller)

    close(january, controller)
    close(february, controller)


def test_refuses_to_close_twice(january, controller):
    close(january, controller)

    with pytest.raises(PeriodIsClosed):
        close(january, controller)


def test_refuses_a_short_reason(january, controller):
    with pytest.raises(ReasonTooShort):
        close(january, controller, reason="   done    ")


def test_how_long_a_reason_is_can_be_set(january, controller):
    dispatch(ChangeSetting(key="periods.reason_length", value=40), actor=controller)

    with pytest.raises(ReasonTooShort, match="40"):
        close(january, controller)


def test_all_reasons_are_given_together(february, controller):
    with pytest.raises(SeveralRefusals) as caught:
        close(february, controller, reason="")

    assert [refusal.code for refusal in caught.value.refusals] == [
        "periods.reason_too_short",
        "periods.earlier_period_is_open",
    ]


def test_others_can_keep_a_period_open(january, controller, monkeypatch):
    def shelves_must_be_sorted(period):
        assert period == january
        raise ShelfIsUnsorted

    monkeypatch.setattr(hooks, "_checks", [*hooks._checks, shelves_must_be_sorted])

    with pytest.raises(ShelfIsUnsorted):
        close(january, controller)
    assert [str(blocker) for blocker in queries.blockers(january)] == ["The shelf is unsorted."]


def test_blockers_say_what_stands_against_closing(january, february, controller):
    assert queries.blockers(january) == []
    assert [blocker.code for blocker in queries.blockers(february)] == ["periods.earlier_period_is_open"]

    assert [blocker.code for blocker in queries.blockers(close(january, controller))] == [
        "periods.period_is_closed"
    ]


def test_it_can_be_rehearsed(january, controller):
    assert dry_run(ClosePeriod(period_id=january.pk, reason=REASON), actor=controller) == ()

    january.refresh_from_db()
    assert january.is_open


def test_refuses_a_period_that_is_not_there(at_acme, controller):
    with pytest.raises(PeriodNotFound):
        dispatch(ClosePeriod(period_id=10**12, reason=REASON), actor=controller)


@pytest.mark.parametrize("role", ["accountant", "auditor", "nobody"])
def test_whoever_may_not_does_not(january, role, request):
    with pytest.raises(PermissionDenied):
        close(january, request.getfixturevalue(role))


CLOSED = "status = 'closed', closed_at = now(), closed_by = 'me', close_reason = 'because'"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':period:{id}', 0))"


@pytest.mark.parametrize("alias", ["default", "owner"])
@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        (f"UPDATE periods_period SET {CLOSED} WHERE id = {{id}}", "BP005"),
        ("UPDATE periods_period SET starts_on = starts_on - 1 WHERE id = {id}", "BP004"),
        ("UPDATE periods_period SET code = 'x' WHERE id = {id}", "BP004"),
        ("UPDATE periods_period SET year_id = year_id + 1 WHERE id = {id}", "BP004"),
    ],
)
def test_the_database_changes_no_period_but_by_closing(january, alias, statement, sqlstate):
    assert refused(statement.format(id=january.pk), alias=alias) == sqlstate


def test_the_database_wants_the_lock_of_this_very_period(january, february):
    take = LOCK.format(id=february.pk)

    assert refused(take, f"UPDATE periods_period SET {CLOSED} WHERE id = {january.pk}") == "BP005"


def test_the_database_wants_read_committed(january):
    isolation = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    update = f"UPDATE periods_period SET {CLOSED} WHERE id = {january.pk}"

    assert refused(isolation, LOCK.format(id=january.pk), update) == "BP005"


def test_the_database_closes_in_order_too(february):
    update = f"UPDATE periods_period SET {CLOSED} WHERE id = {february.pk}"

    assert refused(LOCK.format(id=february.pk), update) == "BP003"


def test_the_database_does_not_reopen(january, controller):
    close(january, controller)

    reopen = f"UPDATE periods_period SET status = 'open', closed_at = NULL WHERE id = {january.pk}"

    assert refused(LOCK.format(id=january.pk), reopen) == "BP004"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM periods_period WHERE number = 12",
        "DELETE FROM periods_fiscalyear",
        "UPDATE periods_fiscalyear SET code = 'x'",
        "TRUNCATE periods_period CASCADE",
        "ALTER TABLE periods_period DISABLE TRIGGER ALL",
        "DROP TRIGGER periods_period_guard ON periods_period",
        "SET session_replication_role = replica",
    ],
)
def test_the_runtime_has_no_right_to_take_periods_away(at_acme, statement):
    assert refused(statement) == "42501"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM periods_period WHERE number = 12",
        "DELETE FROM periods_fiscalyear",
        "UPDATE periods_fiscalyear SET code = 'x'",
        "TRUNCATE periods_period CASCADE",
    ],
)
def test_and_triggers_refuse_it_to_the_owner(at_acme, statement):
    assert refused(statement, alias="owner") == "BP004"


def test_a_race_lost_to_the_database_reads_like_the_rule(january, controller, monkeypatch):
    from apps.periods import rules

    monkeypatch.setattr(hooks, "_checks", [])
    february = type(january).objects.get(number=2)
    monkeypatch.setattr(rules, "earlier_periods_must_be_closed", lambda period: None)

    with pytest.raises(Refusal) as caught:
        close(february, controller)

    assert str(caught.value) == f"Period {january.code} must be closed before {february.code}."


def refused(*statements, alias="default"):
    """The SQLSTATE with which the last of the statements, or the commit, is refused."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
    assert connection.is_usable()
    return caught.value.__cause__.sqlstate
