"""Closing a period, permanently."""

import datetime as dt

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
    PeriodNotEnded,
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


def test_a_closed_period_has_time_actor_reason(january, controller):
    period = close(january, controller)

    january.refresh_from_db()
    assert not january.is_open
    assert (january.close_version, january.closed_by, january.close_reason) == (1, str(controller), REASON)
    assert abs((clock.now() - january.closed_at).total_seconds()) < 60
    assert period.close_version == 1


def test_closing_publishes_an_event_with_an_audit_record(january, controller):
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


def test_closing_before_an_earlier_period_is_refused(january, february, controller):
    with pytest.raises(EarlierPeriodIsOpen):
        close(february, controller)

    close(january, controller)
    close(february, controller)


def test_closing_before_the_period_has_ended_is_refused(january, february, controller):
    last_day = dt.datetime(january.ends_on.year, 1, 31, 23, 59, tzinfo=dt.UTC)
    with clock.moved_to(last_day), pytest.raises(PeriodNotEnded, match=str(january.ends_on)):
        close(january, controller)

    with clock.moved_to(last_day + dt.timedelta(minutes=1)):
        close(january, controller)
        assert "periods.period_not_ended" in [blocker.code for blocker in queries.blockers(february)]


def test_closing_a_period_twice_is_refused(january, controller):
    close(january, controller)

    with pytest.raises(PeriodIsClosed):
        close(january, controller)


def test_closing_with_a_short_reason_is_refused(january, controller):
    with pytest.raises(ReasonTooShort):
        close(january, controller, reason="   done    ")


def test_the_minimum_length_of_the_reason_is_a_setting(january, controller):
    dispatch(ChangeSetting(key="periods.reason_length", value=40), actor=controller)

    with pytest.raises(ReasonTooShort, match="40"):
        close(january, controller)


def test_all_refusals_of_a_close_are_raised_together(february, controller):
    with pytest.raises(SeveralRefusals) as caught:
        close(february, controller, reason="")

    assert [refusal.code for refusal in caught.value.refusals] == [
        "periods.reason_too_short",
        "periods.earlier_period_is_open",
    ]


def test_a_closing_check_of_another_app_blocks_the_close(january, controller, monkeypatch):
    def shelves_must_be_sorted(period):
        assert period == january
        raise ShelfIsUnsorted

    monkeypatch.setattr(hooks, "_checks", [*hooks._checks, shelves_must_be_sorted])

    with pytest.raises(ShelfIsUnsorted):
        close(january, controller)
    assert [str(blocker) for blocker in queries.blockers(january)] == ["The shelf is unsorted."]


def test_blockers_list_the_refusals_of_a_close(january, february, controller):
    assert queries.blockers(january) == []
    assert [blocker.code for blocker in queries.blockers(february)] == ["periods.earlier_period_is_open"]

    assert [blocker.code for blocker in queries.blockers(close(january, controller))] == [
        "periods.period_is_closed"
    ]


def test_a_dry_run_of_a_close_leaves_the_period_open(january, controller):
    assert dry_run(ClosePeriod(period_id=january.pk, reason=REASON), actor=controller) == ()

    january.refresh_from_db()
    assert january.is_open


def test_closing_an_unknown_period_is_refused(at_acme, controller):
    with pytest.raises(PeriodNotFound):
        dispatch(ClosePeriod(period_id=10**12, reason=REASON), actor=controller)


@pytest.mark.parametrize("role", ["accountant", "auditor", "user_without_role"])
def test_closing_without_permission_is_denied(january, role, request):
    with pytest.raises(PermissionDenied):
        close(january, request.getfixturevalue(role))


CLOSED = "status = 'closed', closed_at = now(), closed_by = 'clerk', close_reason = 'month end'"
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
def test_changing_a_period_by_raw_sql_is_refused(january, alias, statement, sqlstate):
    assert refused(statement.format(id=january.pk), alias=alias) == sqlstate


def test_closing_with_the_lock_of_another_period_is_refused(january, february):
    take = LOCK.format(id=february.pk)

    assert refused(take, f"UPDATE periods_period SET {CLOSED} WHERE id = {january.pk}") == "BP005"


def test_closing_in_repeatable_read_is_refused(january):
    isolation = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    update = f"UPDATE periods_period SET {CLOSED} WHERE id = {january.pk}"

    assert refused(isolation, LOCK.format(id=january.pk), update) == "BP005"


def test_closing_before_the_end_of_the_period_by_raw_sql_is_refused(january):
    update = f"UPDATE periods_period SET {CLOSED.replace('now()', 'ends_on')} WHERE id = {january.pk}"

    assert refused(LOCK.format(id=january.pk), update) == "23514"


def test_closing_before_an_earlier_period_by_raw_sql_is_refused(february):
    update = f"UPDATE periods_period SET {CLOSED} WHERE id = {february.pk}"

    assert refused(LOCK.format(id=february.pk), update) == "BP003"


def test_reopening_a_period_by_raw_sql_is_refused(january, controller):
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
def test_deleting_periods_as_the_runtime_is_denied(at_acme, statement):
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
def test_deleting_periods_as_the_owner_is_refused(at_acme, statement):
    assert refused(statement, alias="owner") == "BP004"


def test_a_refusal_by_the_database_has_the_message_of_the_rule(january, controller, monkeypatch):
    from apps.periods import rules

    monkeypatch.setattr(hooks, "_checks", [])
    february = type(january).objects.get(number=2)
    monkeypatch.setattr(rules, "earlier_periods_must_be_closed", lambda period: None)

    with pytest.raises(Refusal) as caught:
        close(february, controller)

    assert str(caught.value) == f"Period {january.code} must be closed before {february.code}."


def refused(*statements, alias="default"):
    """The SQLSTATE of the refusal of the last statement, or of the commit."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
    assert connection.is_usable()
    return caught.value.__cause__.sqlstate
