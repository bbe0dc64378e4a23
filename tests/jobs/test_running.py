"""Steps of a job: each takes effect once, whatever happens to workers."""

from __future__ import annotations

import datetime as dt
import itertools
import threading

import pytest
from django.db import OperationalError, connection, connections

from apps.bus import dispatch
from apps.identity.commands import ChangeRoles
from apps.identity.models import User
from apps.jobs import running, tasks
from apps.jobs.commands import CancelJob, RetryJob
from apps.jobs.declaration import JOBS
from apps.jobs.errors import JobFinished, JobNotFailed, JobNotFound, TooManyJobs
from apps.jobs.models import Run
from apps.kernel import clock
from apps.kernel.db.retries import WORKER_LOST
from apps.kernel.errors import Conflict
from apps.kernel.tenant import activate
from tests.support.counting_job import BROKEN, GATE, written
from tests.support.failpoints import MAX_STRIDE, crash_everywhere, writes_or_locks
from tests.support.hints import collect_hints
from tests.support.processes import RUNTIME_ONLY, eventually
from tests.support.processes import running as process
from tests.support.sqlstate import NO_RIGHT, refused
from tests.support.threads import together
from tests.support.unlimited_retries import UNLIMITED_BACKOFF

State = Run.State


def later(**delta):
    return clock.moved_to(clock.now() + dt.timedelta(**delta))


def fresh(run):
    return Run.objects.get(pk=run.pk)


class TestSteps:
    def test_a_job_does_its_stages_step_by_step(self, at_acme, begin):
        run = begin(numbers=3)

        running.run_slice(run.pk)

        assert written() == ["1", "2", "3", "end"]
        assert fresh(run).state == State.DONE

    def test_progress_is_committed_with_each_step(self, at_acme, begin):
        run = begin(numbers=3)
        claimed = running.claim(run.pk)

        running.do_step(claimed)
        running.do_step(claimed)

        halfway = fresh(run)
        assert (halfway.stage, halfway.items_done, halfway.items_total, halfway.percent) == (
            "count",
            2,
            3,
            66,
        )
        assert written() == ["1", "2"]

    def test_a_slice_releases_the_job_for_any_worker(self, at_acme, begin):
        run = begin(numbers=3)

        has_more = running.run_slice(run.pk, timeout_s=0)
        released = fresh(run)
        running.run_slice(run.pk)

        assert has_more
        assert released.leased_until is None
        assert written() == ["1", "2", "3", "end"]

    def test_an_error_is_retried_after_a_while_at_the_step_that_failed(self, at_acme, begin):
        run = begin(numbers=3)
        BROKEN[2] = OperationalError("gone")
        running.run_slice(run.pk)
        failed = fresh(run)
        BROKEN.clear()

        running.run_slice(run.pk)
        too_early = written()
        with later(minutes=1):
            running.run_slice(run.pk)

        assert (failed.state, failed.last_error) == (State.WAITING, "OperationalError: gone")
        assert too_early == ["1"]
        assert written() == ["1", "2", "3", "end"]

    def test_a_job_that_fails_each_time_ends_as_failed_until_it_is_retried(self, at_acme, begin, owner):
        run = begin(numbers=3)
        BROKEN[2] = OperationalError("gone")
        for hours in range(running.BACKOFF.max_attempts + 1):
            with later(hours=hours):
                running.run_slice(run.pk)
        failed = fresh(run)
        BROKEN.clear()

        dispatch(RetryJob(job_id=run.pk), actor=owner)
        running.run_slice(run.pk)

        assert (failed.state, failed.last_error) == (State.FAILED, "OperationalError: gone")
        assert written() == ["1", "2", "3", "end"]
        assert (fresh(run).state, fresh(run).last_error) == (State.DONE, "")

    def test_a_job_of_a_newer_version_waits_for_a_worker_that_knows_it(self, at_acme, begin, monkeypatch):
        run = begin(numbers=1)
        with monkeypatch.context() as older:
            older.delitem(JOBS, run.job)
            running.run_slice(run.pk)
        waiting = fresh(run).state

        with later(minutes=1):
            running.run_slice(run.pk)

        assert (waiting, fresh(run).state) == (State.WAITING, State.DONE)

    def test_a_refusal_ends_the_job_at_once(self, at_acme, begin):
        run = begin(numbers=3)
        BROKEN[2] = Conflict()

        running.run_slice(run.pk)

        assert (fresh(run).state, written()) == (State.FAILED, ["1"])

    def test_a_sender_that_lost_the_permission_ends_the_job(self, at_acme, begin, owner, auditor):
        run = begin(numbers=3, actor=User.objects.get(pk=auditor.pk))
        claimed = running.claim(run.pk)
        running.do_step(claimed)
        dispatch(ChangeRoles(user_id=auditor.pk, roles=("accountant",)), actor=owner)

        running.do_step(claimed)

        assert (fresh(run).state, written()) == (State.FAILED, ["1"])
        assert "notices.view_notice" in fresh(run).last_error

    def test_a_job_that_kills_its_workers_ends_as_failed(self, at_acme, begin):
        run = begin()
        for hours in range(running.BACKOFF.max_attempts + 1):
            with later(hours=hours):
                running.claim(run.pk)

        assert (fresh(run).state, fresh(run).last_error) == (State.FAILED, WORKER_LOST)


class TestWorkers:
    def test_four_workers_at_the_same_time_do_each_step_once(self, at_acme, begin):
        run = begin(numbers=12)

        together(4, lambda: running.run_slice(run.pk), at_acme)

        assert written() == [*map(str, range(1, 13)), "end"]

    def test_control_workers_without_lease_and_lock_do_steps_twice(self, at_acme, begin, monkeypatch):
        run = begin(numbers=1)
        both_have_read = threading.Barrier(2)

        def unlocked(claimed):
            read = Run.objects.get(pk=claimed.pk)
            if not read.stage:
                both_have_read.wait()
            return read

        monkeypatch.setattr(running, "locked_as_claimed", unlocked)
        together(2, lambda: running.do_step(run), at_acme)

        assert written().count("1") == 2

    def test_a_worker_that_lost_its_lease_does_nothing_more(self, at_acme, begin):
        run = begin(numbers=3)
        slow = running.claim(run.pk)
        running.do_step(slow)

        with later(minutes=2):
            fast = running.claim(run.pk)
            running.do_step(fast)
            assert not running.do_step(slow)

        assert written() == ["1", "2"]
        assert running.do_step(fast)

    def test_a_lease_holds_off_other_workers_until_it_expires(self, at_acme, begin):
        run = begin()
        running.claim(run.pk)

        assert running.claim(run.pk) is None
        with later(minutes=2):
            assert running.claim(run.pk).claims == 2

    @pytest.mark.exhaustive("a crash at every failpoint", inside=True)
    def test_a_worker_killed_at_any_point_does_no_step_twice(self, at_acme, begin, monkeypatch, sample):
        monkeypatch.setattr(running, "BACKOFF", UNLIMITED_BACKOFF)
        run = begin(numbers=3)
        hours = itertools.count(1)

        def next_worker():
            with later(hours=next(hours)):
                running.run_slice(run.pk)

        deaths = crash_everywhere(
            next_worker, progress=written, before=writes_or_locks, stride=sample.stride(MAX_STRIDE)
        )

        assert deaths >= sample.at_least(20, MAX_STRIDE)
        assert written() == ["1", "2", "3", "end"]
        assert fresh(run).state == State.DONE

    def test_a_process_killed_within_a_step_leaves_the_rest_to_the_next_one(
        self, at_acme, begin, environment
    ):
        """The process waits at a lock after the work of its fifth step. The kernel kills it there."""
        run = begin(numbers=7, gate=5)
        with connections["relay"].cursor() as gate:
            gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
            command = ("tests.support.counting_job", "acme", str(run.pk))
            with process(environment, *command, without=RUNTIME_ONLY):
                eventually(lambda: fresh(run).items_done == 4 and _waits())
            gate.execute("SELECT pg_advisory_unlock(%s)", [GATE])
        killed_at = written()

        with later(minutes=2):
            eventually(lambda: running.run_slice(run.pk) or fresh(run).finished_at)

        assert killed_at == ["1", "2", "3", "4"]
        assert written() == ["1", "2", "3", "4", "5", "6", "7", "end"]


class TestCancel:
    def test_a_cancelled_job_does_no_further_step(self, at_acme, begin, owner):
        run = begin(numbers=3)
        claimed = running.claim(run.pk)
        running.do_step(claimed)

        dispatch(CancelJob(job_id=run.pk, reason="Not needed"), actor=owner)

        assert not running.do_step(claimed)
        assert (fresh(run).state, written()) == (State.CANCELLED, ["1"])

    def test_cancelling_while_workers_run_leaves_whole_steps(self, at_acme, begin, owner):
        run = begin(numbers=30)
        works = iter((running.run_slice, _cancel))

        together(2, lambda: next(works)(run.pk), at_acme)

        done = fresh(run).items_done
        assert fresh(run).state in (State.CANCELLED, State.DONE)
        assert written()[:done] == [str(number) for number in range(1, done + 1)]

    def test_a_finished_job_is_neither_cancelled_nor_retried(self, at_acme, begin, owner):
        run = begin()
        running.run_slice(run.pk)

        with pytest.raises(JobFinished):
            dispatch(CancelJob(job_id=run.pk, reason="Late"), actor=owner)
        with pytest.raises(JobNotFailed):
            dispatch(RetryJob(job_id=run.pk), actor=owner)


class TestTenants:
    def test_a_tenant_has_two_jobs_in_progress_while_another_tenant_begins_its_own(
        self, acme, globex, begin, owner
    ):
        with activate(acme):
            runs = [begin() for _ in range(3)]
            assert [bool(running.claim(run.pk)) for run in runs] == [True, True, False]
        with activate(globex):
            other = begin(actor=User.objects.get(email="owner@globex.example"))
            assert running.claim(other.pk)
        with activate(acme), later(minutes=2):
            assert running.claim(runs[2].pk)

    def test_a_tenant_with_too_many_unfinished_jobs_starts_no_other(self, at_acme, begin, monkeypatch):
        monkeypatch.setattr("apps.jobs.starting.MAX_UNFINISHED", 1)
        begin()

        with pytest.raises(TooManyJobs):
            begin()

    def test_a_job_of_another_tenant_is_not_found(self, acme, globex, begin):
        with activate(acme):
            run = begin()
        with activate(globex), pytest.raises(JobNotFound):
            dispatch(
                CancelJob(job_id=run.pk, reason="Not mine"),
                actor=User.objects.get(email="owner@globex.example"),
            )


class TestHints:
    def test_a_started_job_and_one_whose_worker_was_killed_are_hinted(self, at_acme, begin, monkeypatch):
        hints = collect_hints(monkeypatch, "jobs")
        run = begin()
        started = [(hint.pk, hint.queue) for hint in hints]
        running.claim(run.pk)
        hints.clear()

        tasks.hint_due(limit=5)
        while_leased = [*hints]
        with later(minutes=2):
            tasks.hint_due(limit=5)

        assert started == [(run.pk, "low")]
        assert while_leased == []
        assert [hint.pk for hint in hints] == [run.pk]


@pytest.mark.parametrize(
    ("change", "sqlstate"),
    [
        ("UPDATE jobs_run SET parameters = '{\"numbers\": 9}'", "BJ001"),
        ("UPDATE jobs_run SET actor_id = 1000", "BJ001"),
        ("UPDATE jobs_run SET state = 'done'", "23514"),
        ("DELETE FROM jobs_run", NO_RIGHT),
    ],
)
def test_raw_sql_does_not_change_a_requested_job(at_acme, begin, change, sqlstate):
    begin()

    assert refused(change) == sqlstate


def _cancel(job_id):
    owner = User.objects.get(email="owner@acme.example")
    return dispatch(CancelJob(job_id=job_id, reason="Not needed"), actor=owner)


def _waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')")
        return bool(cursor.fetchone()[0])
