"""Whoever keeps backups may be killed at any moment: the tenant works on, and the next one clears up and goes on."""

from __future__ import annotations

import signal

import pytest
from django.db import connections

from apps.kernel.files import files
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import jobs, restore_drills, scheduler, storage
from apps.tenancy.transfer.backup_file import BackupFile
from apps.tenancy.transfer.models import Backup, RestoreDrill
from tests.support.backup_worker import hurt
from tests.support.backups import drill_is_not_due, later, make_due, waiting
from tests.support.processes import eventually
from tests.support.transfer import sale, schemas_like


@pytest.fixture
def killed(environment):
    def killed(where, when):
        ended = hurt(environment, where, when, signal.SIGKILL)
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    return killed


def archives_of(tenant):
    """What lies in the store."""
    folder = f"{storage.FOLDER}/tenant-{tenant.id}"
    return [f"tenant-{tenant.id}/{each}" for each in files().listdir(folder)[1]]


def works(tenant, accountant):
    with activate(tenant):
        before = Entry.objects.count()
        sale(accountant, "5.00")
        assert Entry.objects.count() == before + 1


@pytest.mark.exhaustive("kill -9 at each stage", by=())
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "where", ["exporting._copy", "storage._size_and_checksum", "storage._store_in_object_store"]
)
def test_in_the_middle_of_a_scheduled_backup(platform, accountant, monkeypatch, killed, where, when):
    drill_is_not_due(monkeypatch)
    scheduler.schedule_due()
    mine = Backup.objects.waiting().get(slug="acme")

    killed(where, when)

    works(platform, accountant)
    eventually(lambda: scheduler.schedule_due() or Backup.objects.get(pk=mine.pk).state == "failed")
    mine.refresh_from_db()
    assert mine.error == "The backup worker was interrupted."
    with activate(None):
        assert archives_of(platform) == [], "what was written is cleared away"
    assert [Backup.objects.get(pk=each).slug for each in waiting()] == ["globex"], "nobody else was held up"

    later(monkeypatch, minutes=16)
    assert "acme" in make_due()
    made = Backup.objects.done().get(slug="acme")
    with storage.opened(made.storage_key, made.checksum) as file:
        BackupFile(file).read_through()


@pytest.mark.exhaustive("kill -9 at each stage", by=())
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "where", ["importing._fill", "verifying.faults", "importing.drop_schema", "restore_drills._end"]
)
def test_in_the_middle_of_a_drill(platform, accountant, killed, where, when):
    make_due()
    scheduler.schedule_due()
    (number,) = restore_drills.waiting()

    killed(where, when)

    works(platform, accountant)
    eventually(lambda: scheduler.schedule_due() or not RestoreDrill.objects.running().exists())
    eventually(lambda: restore_drills.drop_leftovers() or not schemas_like("restoring"))
    state = RestoreDrill.objects.get(pk=number).state
    assert state == ("done" if (where, when) == ("restore_drills._end", "after") else "failed")

    tried = [restore_drills.run_now(), restore_drills.run_now()]
    assert [each.error for each in tried] == ["", ""]
    assert {each.backup.slug for each in tried} == {"acme", "globex"}
    assert all(Tenant.objects.get(pk=each.backup.tenant_id).mode == "normal" for each in tried)


@pytest.mark.exhaustive("a process that is killed in a drill")
def test_the_next_drill_clears_up_by_itself(platform, killed):
    make_due()
    killed("verifying.faults", "before")
    assert len(schemas_like("restoring")) == 1

    eventually(lambda: (tried := restore_drills.run_now()) and not tried.error)
    eventually(lambda: restore_drills.drop_leftovers() or schemas_like("restoring") == [])


def test_what_is_being_made_is_not_taken_for_cut_off(platform):
    """The negative control: whoever makes it holds the tenant for as long as he lives."""
    backup = Backup.objects.create(tenant_id=platform.id, slug="acme", begun_at=jobs.now())
    with connections["owner"].cursor() as somebody:
        somebody.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{platform.id}"])
        scheduler.schedule_due()
        backup.refresh_from_db()
        assert backup.state == "running"
        somebody.execute("SELECT pg_advisory_unlock_all()")

    scheduler.schedule_due()
    backup.refresh_from_db()
    assert backup.state == "failed"
