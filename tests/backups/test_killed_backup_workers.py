"""A backup worker that is killed at any point: the tenant works on, and the next worker cleans up and retries."""

from __future__ import annotations

import signal

import pytest
from django.db import connections

from apps.backups.files import storage
from apps.backups.files.backup_file import BackupFile
from apps.backups.models import Backup, RestoreDrill
from apps.backups.schedule import jobs, restore_drills, scheduler
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from tests.support.backup_worker import run_with_signal
from tests.support.backups import later, make_due, no_restore_drill_due, waiting
from tests.support.processes import eventually
from tests.support.transfer import sale, schemas_like


@pytest.fixture
def killed(environment):
    def killed(where, when):
        ended = run_with_signal(environment, where, when, signal.SIGKILL)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return killed


def stored_backups_of(tenant):
    """The backup files in the object store."""
    folder = f"{storage.FOLDER}/tenant-{tenant.id}"
    return [f"tenant-{tenant.id}/{name}" for name in files().listdir(folder)[1]]


def works(tenant, accountant):
    with activate(tenant):
        before = Entry.objects.count()
        sale(accountant, "5.00")
        assert Entry.objects.count() == before + 1


@pytest.mark.exhaustive("kill -9 at each stage", by=())
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "where",
    ["files.exporting._copy", "files.storage._size_and_checksum", "files.storage._store_in_object_store"],
)
def test_a_worker_killed_during_a_backup_is_replaced_by_the_next(
    platform, accountant, monkeypatch, killed, where, when
):
    no_restore_drill_due(monkeypatch)
    scheduler.schedule_due()
    backup = Backup.objects.waiting().get(slug="acme")

    killed(where, when)

    works(platform, accountant)
    eventually(lambda: scheduler.schedule_due() or Backup.objects.get(pk=backup.pk).state == "failed")
    backup.refresh_from_db()
    assert backup.last_error == "The backup worker was interrupted."
    with activate(None):
        assert stored_backups_of(platform) == [], "the incomplete file is removed"
    assert [Backup.objects.get(pk=number).slug for number in waiting()] == ["globex"], (
        "other tenants are not affected"
    )

    later(monkeypatch, minutes=16)
    assert "acme" in make_due()
    made = Backup.objects.done().get(slug="acme")
    with storage.opened(made.storage_key, made.checksum) as file:
        BackupFile(file).validate()


@pytest.mark.exhaustive("kill -9 at each stage", by=())
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "where",
    [
        "files.importing._fill",
        "files.verifying.faults",
        "schemas.owner.drop_schema",
        "schedule.restore_drills._end",
    ],
)
def test_a_worker_killed_during_a_restore_drill_is_replaced_by_the_next(
    platform, accountant, killed, where, when
):
    make_due()
    scheduler.schedule_due()
    (number,) = restore_drills.waiting()

    killed(where, when)

    works(platform, accountant)
    eventually(lambda: scheduler.schedule_due() or not RestoreDrill.objects.running().exists())
    eventually(lambda: restore_drills.drop_leftovers() or not schemas_like("restoring"))
    state = RestoreDrill.objects.get(pk=number).state
    assert state == ("done" if (where, when) == ("schedule.restore_drills._end", "after") else "failed")

    drills = [restore_drills.run_now(), restore_drills.run_now()]
    assert [drill.last_error for drill in drills] == ["", ""]
    assert {drill.backup.slug for drill in drills} == {"acme", "globex"}
    assert all(Tenant.objects.get(pk=drill.backup.tenant_id).mode == "normal" for drill in drills)


@pytest.mark.exhaustive("a process that is killed in a drill")
def test_leftovers_of_a_killed_restore_drill_are_dropped_by_the_next(platform, killed):
    make_due()
    killed("files.verifying.faults", "before")
    assert len(schemas_like("restoring")) == 1

    eventually(lambda: (drill := restore_drills.run_now()) and not drill.last_error)
    eventually(lambda: restore_drills.drop_leftovers() or schemas_like("restoring") == [])


def test_a_running_backup_is_not_marked_as_interrupted(platform):
    """Its worker holds the lock of the tenant."""
    backup = Backup.objects.create(tenant_id=platform.id, slug="acme", begun_at=jobs.now())
    with connections["owner"].cursor() as worker_session:
        worker_session.execute(
            "SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{platform.id}"]
        )
        scheduler.schedule_due()
        backup.refresh_from_db()
        assert backup.state == "running"
        worker_session.execute("SELECT pg_advisory_unlock_all()")

    scheduler.schedule_due()
    backup.refresh_from_db()
    assert backup.state == "failed"
