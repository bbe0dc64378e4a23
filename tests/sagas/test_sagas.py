"""A saga completes all its steps or compensates them; any other outcome needs an operator."""

import datetime as dt

import pytest
from django.db import transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.kernel.clock import moved_to, now
from apps.kernel.errors import Unavailable
from apps.kernel.queues.periodic import PERIODIC
from apps.ledger.commands import OpenJournal
from apps.ledger.models import Account, Entry, Journal
from apps.sagas import tasks
from apps.sagas.commands import CompensateSaga, RetrySaga, SkipSagaStep
from apps.sagas.declaration import Saga
from apps.sagas.errors import SagaAlreadyCompensating, SagaHasEnded, SagaNeedsNoOperator, SagaRunUnknown
from apps.sagas.executor import advance
from apps.sagas.models import Run
from apps.sagas.scheduling import begin, reschedule_stalled, resume
from apps.sagas.steps import Step, Wait
from tests.support.branches import TOO_LATE, Opening
from tests.support.settling import settle
from tests.support.sqlstate import NO_RIGHT, refused


class BankIsUnavailable(Unavailable):
    message = "The bank is unavailable."


def later(**span):
    """Moves the clock forward, so that scheduled events are due."""
    return moved_to(now() + dt.timedelta(**span))


def log_of(run):
    return [(entry.kind, entry.step) for entry in run.log_entries.all()]


def reloaded(run):
    return Run.objects.get(pk=run.pk)


def live_accounts():
    return set(Account.objects.filter(is_active=True).values_list("code", flat=True))


def test_a_saga_completes_all_its_steps(set_out):
    run = set_out()

    assert run.state == "done"
    assert live_accounts() == {"3000", "1300", "13009"}
    assert Entry.objects.count() == 1
    assert Journal.objects.filter(code="J1300").exists()
    assert log_of(run) == [
        ("began", ""),
        ("done", "account"),
        ("done", "entry"),
        ("done", "agreement"),
        ("done", "journal"),
        ("done", "safe"),
        ("ended", ""),
    ]


def test_the_result_of_a_step_is_carried_to_later_steps(set_out):
    run = set_out()

    assert run.data["account_id"] == Account.objects.get(code="1300").pk
    assert run.data["entry_id"] == Entry.objects.get().pk


def test_commands_of_a_saga_are_audited_with_the_actor_that_started_the_saga(set_out):
    run = set_out()

    records = Record.objects.filter(correlation_id=run.correlation_id, causation_id=f"saga:{run.pk}")
    assert [record.command for record in records.order_by("id")] == [
        "ledger.open_account",
        "ledger.post_entry",
        "ledger.open_journal",
        "ledger.open_account",
    ]
    assert {record.actor_name for record in records} == {"Opening a branch, started by the platform"}


def test_a_refusal_compensates_completed_steps_in_reverse_order(set_out, office):
    office.refuses = True

    run = set_out()

    assert run.state == "compensated"
    assert run.last_error == TOO_LATE
    assert live_accounts() == {"3000"}
    assert Entry.objects.filter(reversal_of__isnull=False).count() == 1
    assert log_of(run)[3:] == [
        ("refused", "agreement"),
        ("compensating", "agreement"),
        ("compensated", "entry"),
        ("compensated", "account"),
        ("ended", ""),
    ]


def test_a_refusal_of_the_first_step_leaves_no_effects(set_out, office):
    office.breaks["account"] = AccountIsRefused()

    assert set_out().state == "compensated"
    assert live_accounts() == {"3000"}


class AccountIsRefused(SagaHasEnded):
    message = "No."


def test_a_waiting_run_continues_when_resumed(set_out, office):
    office.agrees = False
    run = set_out()
    assert (run.state, run.step) == ("waiting", "agreement")

    office.agrees = True
    assert resume_run(run) == 1
    settle()

    assert reloaded(run).state == "done"


def resume_run(run):
    with transaction.atomic():
        return resume(run.subject)


def test_a_wake_up_that_was_lost_is_found_by_the_sweep(at_acme, set_out, office):
    office.agrees = False
    run = set_out()
    office.agrees = True
    settle()
    assert reloaded(run).state == "waiting"

    sweep(at_acme)
    settle()

    assert reloaded(run).state == "done"


def sweep(tenant):
    tasks.sweep_waits.apply(headers={"tenant": tenant.id}, throw=True)


def test_a_wait_of_30_days_publishes_nothing_and_continues_when_resumed(at_acme, set_out, office):
    """Also after a resume that finds the condition unchanged."""
    office.agrees = False
    run = set_out()
    at = now()
    Run.objects.update(deadline_at=at + dt.timedelta(days=60), waits_until=at + dt.timedelta(days=60))
    resume_run(run)
    settle()
    published, looks = OutboxEvent.objects.count(), office.looks

    for day in range(1, 31):
        with moved_to(at + dt.timedelta(days=day)):
            sweep(at_acme)
            tasks.reschedule_stalled.apply(headers={"tenant": at_acme.id}, throw=True)
    with moved_to(at + dt.timedelta(days=30)):
        settle()
        assert (OutboxEvent.objects.count(), reloaded(run).state) == (published, "waiting")
        assert office.looks - looks == 30  # one a sweep

        office.agrees = True
        resume_run(run)
        settle()

    assert reloaded(run).state == "done"


def test_the_sweep_looks_at_a_wait_at_most_24_times_a_day():
    assert PERIODIC["sagas.sweep_waits"].seconds >= 3600


def test_the_sweep_of_a_condition_that_cannot_be_evaluated_stores_the_error(at_acme, set_out, office):
    office.agrees = False
    run = set_out()
    office.breaks["agreement"] = ZeroDivisionError("a bug")

    sweep(at_acme)

    assert (reloaded(run).state, reloaded(run).last_error) == ("waiting", "ZeroDivisionError: a bug")


def test_a_run_at_a_step_whose_feature_is_off_publishes_nothing_and_continues_when_it_is_on(
    at_acme, set_out, settings, monkeypatch
):
    monkeypatch.setattr(OpenJournal, "flag", "journals")
    settings.FEATURE_FLAGS = {"journals": False}
    run = set_out()
    published = OutboxEvent.objects.count()

    for hours in (1, 6, 23):
        with later(hours=hours):
            sweep(at_acme)
            settle()
    assert (reloaded(run).state, reloaded(run).step, reloaded(run).attempts) == ("waiting", "journal", 0)
    assert OutboxEvent.objects.count() == published
    assert log_of(run).count(("waits", "journal")) == 1

    settings.FEATURE_FLAGS = {}
    sweep(at_acme)
    settle()
    assert reloaded(run).state == "done"


def test_a_wait_past_its_timeout_is_compensated(at_acme, set_out, office):
    office.agrees = False
    run = set_out()

    with later(days=1, minutes=5):
        sweep(at_acme)
        settle()

    assert reloaded(run).state == "compensated"
    assert "The deadline of “agreement” was" in reloaded(run).last_error


def test_a_run_past_its_deadline_is_compensated(set_out, office):
    office.breaks["entry"] = BankIsUnavailable()
    run = set_out()

    with later(days=3):
        settle()

    assert reloaded(run).state == "compensated"
    assert live_accounts() == {"3000"}


def test_a_step_that_is_unavailable_is_retried(set_out, office):
    office.breaks["entry"] = BankIsUnavailable()
    run = set_out()
    assert (run.state, run.step, run.attempts) == ("running", "entry", 1)

    office.breaks.clear()
    with later(minutes=1):
        settle()

    assert reloaded(run).state == "done"
    assert Entry.objects.count() == 1


def test_a_step_without_retries_left_is_compensated(set_out, office):
    office.breaks["entry"] = ZeroDivisionError("a bug")
    run = set_out()

    for minutes in (5, 10, 15):
        with later(minutes=minutes):
            settle()

    assert reloaded(run).state == "compensated"
    assert [kind for kind, step in log_of(run) if step == "entry"] == ["failed"] * 3 + ["compensating"]


def test_a_failure_after_the_pivot_needs_an_operator(set_out, office, owner):
    office.breaks["safe"] = AccountIsRefused()
    run = set_out()
    with later(minutes=5):
        settle()
    assert (reloaded(run).state, reloaded(run).step) == ("needs_attention", "safe")

    office.breaks.clear()
    dispatch(RetrySaga(run_id=run.pk, reason="The safe is there now."), actor=owner)
    settle()

    assert reloaded(run).state == "done"
    assert ("retried", "safe") in log_of(run)


def test_a_compensation_without_retries_left_needs_an_operator(set_out, office, owner):
    office.refuses = True
    office.breaks["entry compensation"] = AccountIsRefused()
    run = set_out()
    for minutes in (5, 10, 15):
        with later(minutes=minutes):
            settle()
    assert (reloaded(run).state, reloaded(run).direction, reloaded(run).step) == (
        "needs_attention",
        "compensating",
        "entry",
    )

    dispatch(SkipSagaStep(run_id=run.pk, reason="Reversed by hand."), actor=owner)
    settle()

    assert reloaded(run).state == "compensated"
    assert live_accounts() == {"3000"}


def test_an_operator_compensates_a_run_past_its_pivot(set_out, office, owner):
    office.breaks["safe"] = AccountIsRefused()
    run = set_out()

    dispatch(CompensateSaga(run_id=run.pk, reason="The branch is not wanted."), actor=owner)
    settle()
    assert (reloaded(run).state, reloaded(run).step) == ("needs_attention", "journal")
    assert "has no compensation" in reloaded(run).last_error
    dispatch(SkipSagaStep(run_id=run.pk, reason="The journal is unused."), actor=owner)
    settle()

    assert reloaded(run).state == "compensated"
    assert live_accounts() == {"3000"}
    forced = run.log_entries.get(kind="forced")
    assert (forced.actor_name, forced.detail) == (str(owner), "The branch is not wanted.")


def test_commands_of_an_operator_on_a_run_in_the_wrong_state_are_refused(set_out, office, owner):
    done = set_out()
    with pytest.raises(SagaHasEnded):
        dispatch(RetrySaga(run_id=done.pk, reason="Once more."), actor=owner)

    office.agrees = False
    waiting = set_out("1200")
    with pytest.raises(SagaNeedsNoOperator):
        dispatch(SkipSagaStep(run_id=waiting.pk, reason="Hurry."), actor=owner)
    with pytest.raises(SagaRunUnknown):
        dispatch(RetrySaga(run_id=99, reason="Who?"), actor=owner)

    dispatch(CompensateSaga(run_id=waiting.pk, reason="Not wanted."), actor=owner)
    with pytest.raises(SagaAlreadyCompensating):
        dispatch(CompensateSaga(run_id=waiting.pk, reason="Not wanted."), actor=owner)


def test_a_worker_that_crashes_in_a_step_uses_an_attempt(set_out, office, monkeypatch):
    office.breaks["entry"] = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        set_out()

    run = Run.objects.get()
    assert (run.step, run.attempts) == ("entry", 1)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            advance(run.pk)
    advance(run.pk)

    assert reloaded(run).state == "compensated"
    assert "The worker was lost in each of 3 attempts" in reloaded(run).last_error


def test_a_second_start_for_the_same_subject_returns_the_first_run(capital, opening):
    with transaction.atomic():
        first = begin(opening, Opening(code="1300"), subject="branch:1")
        second = begin(opening, Opening(code="1200"), subject="branch:1")

    assert first == second
    assert Run.objects.count() == 1


def test_a_start_outside_a_transaction_is_refused(capital, opening):
    with pytest.raises(RuntimeError, match="inside the transaction"):
        begin(opening, Opening(code="1300"), subject="branch:1")


def test_a_step_that_is_no_longer_in_the_code_needs_an_operator(set_out, office):
    office.agrees = False
    run = set_out()
    Run.objects.filter(pk=run.pk).update(step="vote")

    advance(run.pk, resumed=True)

    assert reloaded(run).state == "needs_attention"
    assert "“vote” is no longer part" in reloaded(run).last_error


def test_a_run_whose_event_was_dead_lettered_is_scheduled_again(at_acme, capital, opening):
    with transaction.atomic():
        run = begin(opening, Opening(code="1300"), subject="branch:1")
    route()
    Delivery.objects.filter(subscriber="sagas.advance_run").update(status="dead")
    settle()
    assert reloaded(run).step == "account"
    assert reschedule_stalled() == 0

    with later(minutes=11):
        tasks.reschedule_stalled.apply(headers={"tenant": at_acme.id}, throw=True)
        settle()

    assert reloaded(run).state == "done"


@pytest.mark.parametrize(
    ("name", "steps", "fault"),
    [
        ("companies.odd", (), "needs steps"),
        ("Odd", (Wait("w", until=bool),), "is not named"),
        ("companies.odd", (Step("a", Opening), Step("b", Opening, pivot=True)), "no compensation of “a”"),
        ("companies.odd", (Wait("w", until=bool), Wait("w", until=bool)), "unique names"),
    ],
)
def test_an_incomplete_declaration_is_refused(name, steps, fault):
    with pytest.raises(TypeError, match=fault):
        Saga(name=name, title="Odd", data=Opening, steps=steps)


def test_the_log_is_append_only(set_out):
    set_out()

    for statement in (
        "UPDATE sagas_logentry SET detail = ''",
        "DELETE FROM sagas_logentry",
        "DELETE FROM sagas_run",
    ):
        assert refused(statement) == NO_RIGHT, statement
