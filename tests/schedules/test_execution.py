"""Execution of due commands: once, for the sender, whatever happened meanwhile."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections import Counter

import pytest
from django.db import OperationalError

from apps.audit.models import Record
from apps.bus import dispatch
from apps.identity.commands import ChangeRoles, DeactivateUser
from apps.identity.models import User
from apps.kernel import clock
from apps.schedules import executing
from apps.schedules.commands import CancelScheduledCommand, RescheduleCommand
from apps.schedules.errors import ScheduledCommandFinished, ScheduledCommandInProgress
from apps.schedules.models import ScheduledCommand
from tests.support.failpoints import MAX_STRIDE, Killed, crash_everywhere, writes_or_locks
from tests.support.threads import together
from tests.support.unlimited_retries import UNLIMITED_BACKOFF

State = ScheduledCommand.State


def executions():
    return Record.objects.filter(command="identity.deactivate_user", outcome=Record.Outcome.DONE)


def is_active(user) -> bool:
    return User.objects.get(pk=user.pk).is_active


def outcome(scheduled):
    scheduled.refresh_from_db()
    return scheduled.state, scheduled.last_error


class TestOnce:
    def test_a_command_waits_until_it_is_due(self, scheduled, accountant):
        executing.execute_due()

        assert outcome(scheduled) == (State.WAITING, "")
        assert is_active(accountant)

    def test_a_due_command_is_executed_under_the_name_of_its_sender(self, scheduled, due, owner, accountant):
        with due():
            executing.execute_due()

        record = executions().get()
        assert (record.actor_id, record.causation_id) == (owner.pk, f"scheduled_command:{scheduled.pk}")
        assert outcome(scheduled) == (State.DONE, "")
        assert not is_active(accountant)

    def test_a_command_missed_for_days_is_caught_up_once(self, scheduled, due):
        for days in (3, 4, 5):
            with due(days=days):
                executing.execute_due()

        assert executions().count() == 1

    def test_four_workers_at_the_same_time_execute_a_command_once(self, scheduled, due, at_acme):
        def work():
            with due():
                return executing.execute_next()

        assert sorted(together(4, work, at_acme)) == [False, False, False, True]
        assert executions().count() == 1

    def test_control_workers_that_read_without_a_lock_attempt_it_four_times(
        self, scheduled, at_acme, monkeypatch
    ):
        everyone_has_read, attempts = threading.Barrier(4), Counter()

        def claim():
            waiting = ScheduledCommand.objects.waiting().first()
            everyone_has_read.wait()
            return waiting

        monkeypatch.setattr(executing, "claim", claim)
        monkeypatch.setattr(executing, "attempt", lambda claimed: attempts.update([claimed.pk]))

        together(4, executing.execute_next, at_acme)

        assert attempts[scheduled.pk] == 4

    @pytest.mark.exhaustive("a crash at every failpoint", inside=True)
    def test_a_worker_killed_at_any_point_leaves_one_execution(
        self, scheduled, accountant, monkeypatch, sample
    ):
        monkeypatch.setattr(executing, "BACKOFF", UNLIMITED_BACKOFF)
        hours = itertools.count(1)

        def next_worker():
            """An hour after the previous one, whose lease has expired."""
            with clock.moved_to(scheduled.due_at + dt.timedelta(hours=next(hours))):
                executing.execute_next()

        deaths = crash_everywhere(
            next_worker,
            progress=lambda: executions().count(),
            before=writes_or_locks,
            stride=sample.stride(MAX_STRIDE),
        )

        assert deaths >= sample.at_least(10, MAX_STRIDE)
        assert outcome(scheduled) == (State.DONE, "")
        assert executions().count() == 1
        assert not is_active(accountant)


class TestRefusal:
    """Everything is checked again when the command is due."""

    def test_a_sender_that_lost_the_permission_is_refused(
        self, scheduled, due, controller, owner, accountant
    ):
        dispatch(ChangeRoles(user_id=owner.pk, roles=("auditor",)), actor=_second_owner(controller, owner))

        with due():
            executing.execute_due()

        state, error = outcome(scheduled)
        assert (state, is_active(accountant)) == (State.REFUSED, True)
        assert "identity.manage_users" in error
        refused = Record.objects.get(command="identity.deactivate_user")
        assert (refused.outcome, refused.actor_id) == (Record.Outcome.REFUSED, owner.pk)

    def test_a_deactivated_sender_is_refused(self, scheduled, due, controller, owner, accountant):
        dispatch(DeactivateUser(user_id=owner.pk, reason="Left"), actor=_second_owner(controller, owner))

        with due():
            executing.execute_due()

        state, error = outcome(scheduled)
        assert (state, is_active(accountant)) == (State.REFUSED, True)
        assert "no longer here" in error

    def test_a_broken_rule_of_the_command_is_a_final_refusal(self, scheduled, due, owner, accountant):
        dispatch(DeactivateUser(user_id=accountant.pk, reason="Earlier"), actor=owner)

        with due():
            executing.execute_due()

        assert outcome(scheduled)[0] == State.REFUSED
        assert executions().count() == 1

    def test_an_outage_is_retried_until_the_command_is_executed(self, scheduled, due, monkeypatch):
        with monkeypatch.context() as outage:
            outage.setattr(executing, "dispatch_once", _away)
            with due():
                executing.execute_due()
        waiting = outcome(scheduled)

        with due(minutes=2):
            executing.execute_due()

        assert waiting == (State.WAITING, "OperationalError: gone")
        assert outcome(scheduled) == (State.DONE, "")

    def test_a_command_that_fails_each_time_ends_as_failed(self, scheduled, due, monkeypatch):
        monkeypatch.setattr(executing, "dispatch_once", _away)

        for hours in range(executing.BACKOFF.max_attempts):
            with due(hours=2 * hours):
                executing.execute_due()

        assert outcome(scheduled) == (State.FAILED, "OperationalError: gone")


class TestCancel:
    def test_a_cancelled_command_is_not_executed(self, scheduled, due, owner, accountant):
        dispatch(CancelScheduledCommand(scheduled_command_id=scheduled.pk, reason="Stays"), actor=owner)

        with due():
            executing.execute_due()

        assert outcome(scheduled)[0] == State.CANCELLED
        assert is_active(accountant)

    def test_a_command_is_either_executed_or_cancelled(self, scheduled, due, owner, at_acme, accountant):
        """Its worker and its sender race."""
        actions = iter(("execute", "cancel", "execute", "cancel"))

        def work():
            if next(actions) == "execute":
                with due():
                    return executing.execute_next()
            cancel = CancelScheduledCommand(scheduled_command_id=scheduled.pk, reason="Stays")
            return dispatch(cancel, actor=owner).state

        outcomes = together(4, work, at_acme)

        is_cancelled = State.CANCELLED in outcomes
        assert outcome(scheduled)[0] == (State.CANCELLED if is_cancelled else State.DONE)
        assert is_active(accountant) == is_cancelled
        assert (True in outcomes) != is_cancelled

    def test_a_command_whose_worker_was_killed_after_the_effect_cannot_be_cancelled(
        self, scheduled, due, owner, monkeypatch
    ):
        with due(), monkeypatch.context() as killed:
            killed.setattr(executing, "record", _killed)
            with pytest.raises(Killed):
                executing.execute_next()
        cancel = CancelScheduledCommand(scheduled_command_id=scheduled.pk, reason="Stays")

        with due(hours=1), pytest.raises(ScheduledCommandInProgress):
            dispatch(cancel, actor=owner)
        with due(hours=1):
            executing.execute_due()
        with pytest.raises(ScheduledCommandFinished):
            dispatch(cancel, actor=owner)

        assert outcome(scheduled) == (State.DONE, "")
        assert executions().count() == 1


def test_a_rescheduled_command_is_executed_at_its_new_time_under_its_new_sender(
    scheduled, due, owner, controller, accountant
):
    second = _second_owner(controller, owner)
    later = RescheduleCommand(
        scheduled_command_id=scheduled.pk,
        local_time=f"{scheduled.due_at + dt.timedelta(days=2):%Y-%m-%dT%H:%M}",
        time_zone="UTC",
        reason="Two more days",
    )
    dispatch(later, actor=second)

    with due(days=1):
        executing.execute_due()
    before = executions().count()
    with due(days=2, minutes=1):
        executing.execute_due()

    assert (before, executions().get().actor_id) == (0, second.pk)


def _second_owner(user, owner):
    dispatch(ChangeRoles(user_id=user.pk, roles=("owner",)), actor=owner)
    return User.objects.get(pk=user.pk)


def _away(*_, **__):
    raise OperationalError("gone")


def _killed(*_):
    raise Killed
