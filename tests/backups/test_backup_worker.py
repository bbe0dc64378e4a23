"""Processes of `manage.py backup_worker`: parallel workers, SIGTERM, and a lost connection."""

from __future__ import annotations

import signal

import pytest
from django.db import connections

from apps.backups.models import Backup, RestoreDrill
from apps.backups.schedule import scheduler
from tests.support.backup_worker import run_with_signal
from tests.support.backups import make_due
from tests.support.processes import eventually, handles_sigterm, running


def backup_worker(environment):
    without = "DATABASE_OWNER_URL DATABASE_RELAY_URL"
    return running(environment, "django", "backup_worker", without=without, ended_by=signal.SIGTERM)


def made():
    return sorted(Backup.objects.done().values_list("slug", flat=True))


@pytest.mark.exhaustive("two processes that make every backup")
def test_parallel_workers_run_each_backup_once(platform, environment):
    with backup_worker(environment) as one, backup_worker(environment) as other:
        eventually(lambda: made() == ["acme", "globex"])
        eventually(lambda: handles_sigterm(one) and handles_sigterm(other))
    assert (one.returncode, other.returncode) == (0, 0)
    assert Backup.objects.count() == 2

    with backup_worker(environment):
        eventually(lambda: RestoreDrill.objects.done().exists())
    assert RestoreDrill.objects.get().last_error == ""


def test_a_worker_finishes_the_current_backup_on_sigterm(platform, environment):
    ended = run_with_signal(environment, "files.storage._size_and_checksum", "before", signal.SIGTERM)

    assert ended.returncode == 0, ended.stderr
    assert [*Backup.objects.order_by("slug").values_list("slug", "state")] == [
        ("acme", "done"),
        ("globex", "waiting"),
    ]
    assert not RestoreDrill.objects.exists()


@pytest.mark.exhaustive("a process whose connection is cut")
def test_a_worker_reconnects_after_a_lost_connection(platform, environment):
    before = at_the_database()
    with backup_worker(environment):
        eventually(lambda: made() == ["acme", "globex"])
        at_the_database(without=before, end=True)
        Backup.objects.create(
            tenant_id=platform.id, slug="acme", kind="scheduled", state="waiting", begun_at=scheduler.now()
        )

        eventually(lambda: made() == ["acme", "acme", "globex"])


def at_the_database(without=(0,), *, end=False):
    """The backend pids of the runtime's connections; `end` terminates them."""
    terminate = ", pg_terminate_backend(pid)" if end else ""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f"SELECT pid{terminate} FROM pg_stat_activity"
            " WHERE usename = 'bursar_app' AND datname = current_database() AND pid <> ALL(%s)",
            [[*without]],
        )
        return [row[0] for row in cursor]


def test_a_worker_without_due_jobs_runs_none(platform, environment):
    make_due()
    RestoreDrill.objects.create(state="done", begun_at=scheduler.now(), backup=Backup.objects.first())

    ended = run_with_signal(environment, "schedule.jobs.prune", "after", signal.SIGTERM)

    assert ended.returncode == 0, ended.stderr
    assert (Backup.objects.count(), RestoreDrill.objects.count()) == (2, 1)
