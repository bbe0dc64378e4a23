"""A journey goes to its end, or every step of it is taken back; whatever else happens, a person knows."""

import datetime as dt

import pytest
from django.db import transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.clock import moved_to, now
from apps.kernel.errors import Unavailable
from apps.ledger.models import Account, Entry, Journal
from apps.sagas import Saga, Step, Wait, tasks
from apps.sagas.commands import RetrySaga, SkipSagaStep, TurnSagaBack
from apps.sagas.errors import SagaHasEnded, SagaNeedsNobody, SagaRunUnknown, SagaTurnsBackAlready
from apps.sagas.executor import advance
from apps.sagas.models import Run
from apps.sagas.runs import begin, rescue, wake
from tests.support.branches import TOO_LATE, Opening
from tests.support.settling import settle
from tests.support.sqlstate import NO_RIGHT, refused


class LineIsBusy(Unavailable):
    message = "The line is busy."


def later(**span):
    """A time at which what was planned meanwhile is due."""
    return moved_to(now() + dt.timedelta(**span))


def way(run):
    return [(happening.what, happening.step) for happening in run.happenings.all()]


def again(run):
    return Run.objects.get(pk=run.pk)


def live_accounts():
    return set(Account.objects.filter(is_active=True).values_list("code", flat=True))


def test_goes_to_its_end(set_out):
    run = set_out()

    assert run.state == "done"
    assert live_accounts() == {"3000", "1100", "11009"}
    assert Entry.objects.count() == 1
    assert Journal.objects.filter(code="J1100").exists()
    assert way(run) == [
        ("began", ""),
        ("done", "account"),
        ("done", "entry"),
        ("done", "agreement"),
        ("done", "journal"),
        ("done", "safe"),
        ("ended", ""),
    ]


def test_hands_on_what_a_step_returned(set_out):
    run = set_out()

    assert run.data["account_id"] == Account.objects.get(code="1100").pk
    assert run.data["entry_id"] == Entry.objects.get().pk


def test_what_it_does_is_in_the_audit_log_with_who_began_it(set_out):
    run = set_out()

    records = Record.objects.filter(correlation_id=run.correlation_id, causation_id=f"saga:{run.pk}")
    assert [record.command for record in records.order_by("id")] == [
        "ledger.open_account",
        "ledger.post_entry",
        "ledger.open_journal",
        "ledger.open_account",
    ]
    assert {record.actor_name for record in records} == {"Opening a branch, begun by the platform"}


def test_a_refusal_takes_back_what_was_done_in_reverse(set_out, office):
    office.refuses = True

    run = set_out()

    assert run.state == "compensated"
    assert run.last_error == TOO_LATE
    assert live_accounts() == {"3000"}
    assert Entry.objects.filter(reversal_of__isnull=False).count() == 1
    assert way(run)[3:] == [
        ("refused", "agreement"),
        ("turned", "agreement"),
        ("undone", "entry"),
        ("undone", "account"),
        ("ended", ""),
    ]


def test_the_first_step_refused_leaves_nothing_to_take_back(set_out, office):
    office.breaks["account"] = TooLateForAccounts()

    assert set_out().state == "compensated"
    assert live_accounts() == {"3000"}


class TooLateForAccounts(SagaHasEnded):
    message = "No."


def test_waits_until_it_is_woken(set_out, office):
    office.agrees = False
    run = set_out()
    assert (run.state, run.step) == ("waiting", "agreement")

    office.agrees = True
    assert wake_up(run) == 1
    settle()

    assert again(run).state == "done"


def wake_up(run):
    with transaction.atomic():
        return wake(run.subject)


def test_looks_by_itself_when_nobody_wakes_it(set_out, office):
    office.agrees = False
    run = set_out()
    office.agrees = True

    with later(minutes=2):
        settle()

    assert again(run).state == "done"


def test_plans_one_look_at_a_time_however_often_it_is_woken(set_out, office):
    office.agrees = False
    run = set_out()
    planned = pending_looks()

    for _ in range(3):
        wake_up(run)
        settle()

    assert pending_looks() == planned == 1


def pending_looks():
    return Delivery.objects.open().filter(subscriber="sagas.go_on").count()


def test_turns_back_when_it_has_waited_too_long(set_out, office):
    office.agrees = False
    run = set_out()

    with later(days=1, minutes=5):
        settle()

    assert again(run).state == "compensated"
    assert "“agreement” was to be done by" in again(run).last_error


def test_turns_back_after_its_deadline(set_out, office):
    office.breaks["entry"] = LineIsBusy()
    run = set_out()

    with later(days=3):
        settle()

    assert again(run).state == "compensated"
    assert live_accounts() == {"3000"}


def test_tries_again_what_may_succeed_later(set_out, office):
    office.breaks["entry"] = LineIsBusy()
    run = set_out()
    assert (run.state, run.step, run.attempts) == ("running", "entry", 1)

    office.breaks.clear()
    with later(minutes=1):
        settle()

    assert again(run).state == "done"
    assert Entry.objects.count() == 1


def test_turns_back_when_the_retries_are_used_up(set_out, office):
    office.breaks["entry"] = ZeroDivisionError("a bug")
    run = set_out()

    for minutes in (5, 10, 15):
        with later(minutes=minutes):
            settle()

    assert again(run).state == "compensated"
    assert [what for what, step in way(run) if step == "entry"] == ["failed"] * 3 + ["turned"]


def test_after_the_pivot_it_waits_for_an_operator_instead_of_turning_back(set_out, office, owner):
    office.breaks["safe"] = TooLateForAccounts()
    run = set_out()
    with later(minutes=5):
        settle()
    assert (again(run).state, again(run).step) == ("needs_operator", "safe")

    office.breaks.clear()
    dispatch(RetrySaga(run_id=run.pk, reason="The safe is there now."), actor=owner)
    settle()

    assert again(run).state == "done"
    assert ("retried", "safe") in way(run)


def test_a_compensation_that_keeps_failing_waits_for_an_operator(set_out, office, owner):
    office.refuses = True
    office.breaks["entry back"] = TooLateForAccounts()
    run = set_out()
    for minutes in (5, 10, 15):
        with later(minutes=minutes):
            settle()
    assert (again(run).state, again(run).direction, again(run).step) == ("needs_operator", "back", "entry")

    dispatch(SkipSagaStep(run_id=run.pk, reason="Reversed by hand."), actor=owner)
    settle()

    assert again(run).state == "compensated"
    assert live_accounts() == {"3000"}


def test_an_operator_sends_it_back_from_beyond_the_pivot(set_out, office, owner):
    office.breaks["safe"] = TooLateForAccounts()
    run = set_out()

    dispatch(TurnSagaBack(run_id=run.pk, reason="The branch is not wanted."), actor=owner)
    settle()
    assert (again(run).state, again(run).step) == ("needs_operator", "journal")
    assert "has no way back" in again(run).last_error
    dispatch(SkipSagaStep(run_id=run.pk, reason="The journal is unused."), actor=owner)
    settle()

    assert again(run).state == "compensated"
    assert live_accounts() == {"3000"}
    forced = run.happenings.get(what="forced")
    assert (forced.actor_name, forced.detail) == (str(owner), "The branch is not wanted.")


def test_an_operator_cannot_move_what_has_ended_or_needs_nobody(set_out, office, owner):
    done = set_out()
    with pytest.raises(SagaHasEnded):
        dispatch(RetrySaga(run_id=done.pk, reason="Once more."), actor=owner)

    office.agrees = False
    waiting = set_out("1200")
    with pytest.raises(SagaNeedsNobody):
        dispatch(SkipSagaStep(run_id=waiting.pk, reason="Hurry."), actor=owner)
    with pytest.raises(SagaRunUnknown):
        dispatch(RetrySaga(run_id=99, reason="Who?"), actor=owner)

    dispatch(TurnSagaBack(run_id=waiting.pk, reason="Not wanted."), actor=owner)
    with pytest.raises(SagaTurnsBackAlready):
        dispatch(TurnSagaBack(run_id=waiting.pk, reason="Not wanted."), actor=owner)


def test_a_worker_that_dies_in_a_step_is_counted(set_out, office, monkeypatch):
    office.breaks["entry"] = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        set_out()

    run = Run.objects.get()
    assert (run.step, run.attempts) == ("entry", 1)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            advance(run.pk)
    advance(run.pk)

    assert again(run).state == "compensated"
    assert "The worker was lost each of the 3 times" in again(run).last_error


def test_begins_once_for_a_subject(capital, opening):
    with transaction.atomic():
        first = begin(opening, Opening(code="1100"), subject="branch:1")
        second = begin(opening, Opening(code="1200"), subject="branch:1")

    assert first == second
    assert Run.objects.count() == 1


def test_begins_only_with_its_reason(capital, opening):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        begin(opening, Opening(code="1100"), subject="branch:1")


def test_a_step_that_is_no_longer_in_the_code_needs_an_operator(set_out, office):
    office.agrees = False
    run = set_out()
    Run.objects.filter(pk=run.pk).update(step="vote")

    advance(run.pk, woken=True)

    assert again(run).state == "needs_operator"
    assert "“vote” is no longer part" in again(run).last_error


def test_a_run_whose_call_was_given_up_is_called_again(at_acme, capital, opening):
    with transaction.atomic():
        run = begin(opening, Opening(code="1100"), subject="branch:1")
    route()
    Delivery.objects.filter(subscriber="sagas.go_on").update(status="dead")
    settle()
    assert again(run).step == "account"
    assert rescue() == 0

    with later(minutes=11):
        tasks.rescue.apply(headers={"tenant": at_acme.id}, throw=True)
        settle()

    assert again(run).state == "done"


@pytest.mark.parametrize(
    ("name", "steps", "fault"),
    [
        ("companies.odd", (), "needs steps"),
        ("Odd", (Wait("w", until=bool),), "is not named"),
        ("companies.odd", (Step("a", Opening), Step("b", Opening, pivot=True)), "no way back from “a”"),
        ("companies.odd", (Wait("w", until=bool), Wait("w", until=bool)), "names of their own"),
    ],
)
def test_a_saga_without_a_way_back_is_no_saga(name, steps, fault):
    with pytest.raises(TypeError, match=fault):
        Saga(name=name, title="Odd", data=Opening, steps=steps)


def test_the_timeline_is_written_once(set_out):
    set_out()

    for statement in (
        "UPDATE sagas_happening SET detail = ''",
        "DELETE FROM sagas_happening",
        "DELETE FROM sagas_run",
    ):
        assert refused(statement) == NO_RIGHT, statement
