"""Scheduled and manual backups, retention, restore drills, restores, and the commands for them."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import subprocess
import sys

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils.module_loading import import_string

from apps.audit.models import Record
from apps.backups import queries
from apps.backups.commands import BackUpTenant, CloneTenant, RestoreTenant
from apps.backups.errors import BackupFileAltered, BackupFileMissing, TenantWasErased
from apps.backups.files import exporting, storage
from apps.backups.files.backup_file import BackupFile
from apps.backups.models import Backup
from apps.backups.schedule import jobs, restore_drills, running, scheduler
from apps.backups.schemas import replaced
from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel import clock
from apps.kernel.actors import System
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.notices.hooks import alerts
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.models import Tenant
from tests.support.backups import later, make_due, no_restore_drill_due, verb
from tests.support.transfer import sale, schemas_like

SUITE = System("The suite")


@pytest.mark.slow("backs up each tenant")
def test_each_tenant_is_backed_up_once_a_day(platform, monkeypatch):
    assert make_due() == {"acme", "globex"}
    assert make_due() == set()

    later(monkeypatch, hours=25)
    assert make_due() == {"acme", "globex"}

    backup = Backup.objects.done().latest_first().first()
    assert backup.rows > 100
    with storage.opened(backup.storage_key, backup.checksum) as file:
        BackupFile(file).validate()


def test_a_failed_backup_is_retried_without_delaying_other_tenants(platform, monkeypatch):
    no_restore_drill_due(monkeypatch)
    original = exporting.export

    def fails_for_acme(tenant, *args, **kwargs):
        if tenant.slug == "acme":
            raise OSError("No space left on device")
        return original(tenant, *args, **kwargs)

    monkeypatch.setattr(jobs, "export", fails_for_acme)
    scheduler.schedule_due()
    assert [*running.work()] == ["globex: backed up."]
    failed = Backup.objects.get(slug="acme")
    assert (failed.state, failed.last_error) == ("failed", "OSError: No space left on device")
    assert make_due() == set()

    monkeypatch.setattr(jobs, "export", original)
    later(monkeypatch, minutes=16)
    assert make_due() == {"acme"}


def test_expired_backups_are_removed_except_the_newest(platform, monkeypatch):
    make_due()
    later(monkeypatch, days=20)
    make_due()
    later(monkeypatch, days=80)

    assert jobs.prune() == 2

    assert sorted(Backup.objects.done().values_list("slug", flat=True)) == ["acme", "globex"]
    removed = Backup.objects.filter(state="removed").first()
    with pytest.raises(BackupFileMissing), storage.opened(removed.storage_key):
        pass


def test_backups_of_an_erased_tenant_are_removed(platform):
    backup = jobs.make(Tenant.objects.get(slug="acme"), Backup.Kind.MANUAL)
    Backup.objects.update(tenant=None)

    assert jobs.prune() == 1
    backup.refresh_from_db()
    assert backup.state == "removed"


@pytest.mark.slow("restores a backup")
def test_a_restore_drill_restores_a_backup_without_leftovers(platform):
    make_due()

    drills = [restore_drills.run_now(), restore_drills.run_now()]

    assert [(drill.state, drill.last_error) for drill in drills] == [("done", "")] * 2
    assert {drill.backup.slug for drill in drills} == {"acme", "globex"}
    assert all(drill.backup.verified_at and drill.backup.restore_seconds > 0 for drill in drills)
    assert schemas_like("restoring") == []


def test_a_failed_restore_drill_is_logged_as_an_alert(platform, caplog):
    make_due()
    for backup in Backup.objects.all():
        with storage.opened(backup.storage_key) as file:
            content = file.read()
        storage.remove(backup.storage_key)
        with activate(None):
            files().save(f"backups/{backup.storage_key}", ContentFile(content[:-1] + b"!"))

    drill = restore_drills.run_now()

    assert drill.state == "failed"
    assert "does not match its checksum" in drill.last_error
    assert drill.backup.verified_at is None
    assert "ALERT" in caplog.text


@override_settings(BACKUP_RPO_HOURS=25, BACKUP_RTO_HOURS=4)
def test_tenants_that_miss_the_recovery_objectives_are_named_in_alerts(platform, monkeypatch):
    jobs.make(Tenant.objects.get(slug="acme"), Backup.Kind.MANUAL)
    Backup.objects.update(verified_at=clock.now(), restore_seconds=5 * 3600)
    Tenant.objects.filter(slug="globex").update(created_at=clock.now() - dt.timedelta(days=3))

    statuses = {status.tenant.slug: (status.is_late, status.is_slow) for status in queries.statuses()}
    assert statuses == {"acme": (False, True), "globex": (True, False)}
    texts = {alert.name: alert.text for alert in alerts()}
    assert texts["backups:late"] == "Their data loss would exceed the recovery point objective: globex."
    assert "acme" in texts["backups:slow"]

    later(monkeypatch, hours=26)
    assert [status.is_late for status in queries.statuses()] == [True, True]


def test_a_restore_of_an_erased_tenant_is_refused(platform):
    backup = dispatch(BackUpTenant(tenant_id=platform.id), actor=SUITE)
    tenant = Tenant.objects.get(pk=platform.id)
    Erasure.objects.create(
        number=tenant.pk,
        slug="acme",
        schema_name=tenant.schema_name,
        database="home",
        created_at=tenant.created_at,
        requested_by="Jane",
        reason="Contract ended.",
        dropped={},
        erased_at=clock.now(),
    )
    with pytest.raises(TenantWasErased):
        dispatch(RestoreTenant(backup=str(backup.pk), slug="again", reason="A test."), actor=SUITE)


@pytest.mark.physical_copy
def test_backups_restores_clones_are_in_the_audit_log(platform, operator):
    backup = dispatch(BackUpTenant(tenant_id=platform.id), actor=operator)
    dispatch(RestoreTenant(backup=str(backup.pk), slug="again", reason="To compare."), actor=operator)
    dispatch(CloneTenant(tenant_id=platform.id, slug="play"), actor=operator)

    commands = ("tenancy.back_up_tenant", "tenancy.restore_tenant", "tenancy.clone_tenant")
    audit_log = Record.objects.filter(command__in=commands).order_by("id")
    sentences = [*audit_log.values_list("sentence", flat=True)]
    assert sentences[0].startswith("Olga Operator backed up acme of")
    assert sentences[1] == f"Olga Operator restored backup {backup.pk} as the tenant Acme Corporation."
    assert sentences[2] == "Olga Operator cloned a tenant as the sandbox Acme Corporation (sandbox)."
    assert Tenant.objects.get(slug="play").sandbox_of.slug == "acme"


@pytest.mark.physical_copy
def test_tenant_commands_back_up_verify_restore(platform, tmp_path, accountant):
    file = tmp_path / "acme.zip"

    made = verb("backup", "acme", "--to", str(file), "--with-files")
    assert made["storage_key"] == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert verb("verify", str(file), "--with", "acme")["faults"] == []
    assert verb("restore", str(file), "--as", "copy", "--dry-run") == {"dry_run": True}
    assert verb("restore", str(file), "--as", "copy")["slug"] == "copy"
    assert verb("verify", str(file), "--with", "copy")["faults"] == []

    with activate(platform):
        sale(accountant, "5.00")
    with pytest.raises(SystemExit):
        verb("verify", str(file), "--with", "acme")
    verb("restore", str(file), "--in-place", "--reason", "It was a mistake.")
    with activate(Tenant.objects.get(slug="acme").info):
        assert Entry.objects.count() == 1
    assert [row["slug"] for row in verb("backups")["tenants"]] == ["acme", "copy", "globex"]
    assert verb("backups", "acme")["backups"][0]["state"] == "done"


def backup_worker_once():
    out = io.StringIO()
    call_command("backup_worker", "--once", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.physical_copy
def test_a_sandbox_is_cloned_without_scheduled_backups(platform):
    assert verb("clone", "acme", "--as", "play", "--anonymise")["slug"] == "play"
    assert backup_worker_once() == ["acme: backed up.", "globex: backed up."]
    (drill,) = backup_worker_once()
    assert drill.endswith("restored and verified.")
    assert backup_worker_once() == []


@pytest.mark.exhaustive("a move by command line")
@pytest.mark.physical_copy
def test_a_moved_tenant_works_in_the_target_database(platform, east, accountant):
    assert verb("move", "acme", "--to", east, "--reason", "More capacity.", "--dry-run") == {"dry_run": True}
    moved = verb("move", "acme", "--to", east, "--reason", "More capacity.")

    assert moved["database"] == east
    after = Tenant.objects.get(slug="acme")
    assert after.mode == "normal"
    with activate(after.info):
        assert sale(User.objects.get(email=accountant.email), "5.00").number == 2


class Killed(BaseException):
    """Simulates a killed process."""


STAGES = (
    "files.importing._fill",
    "files.verifying.faults",
    "schemas.owner.rename",
    "files.importing.load_files",
)
KILL_POINTS = [
    *(
        ("as new", point)
        for point in (*STAGES, "restores.as_new.migrate_to_current", "restores.as_new._activate")
    ),
    *(
        ("in place", point)
        for point in (*STAGES, "restores.in_place.migrate_to_current", "restores.in_place.swap_schema")
    ),
]


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a kill at each stage of a restore", by=())
@pytest.mark.parametrize(("method", "point"), KILL_POINTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_restore_is_completed_by_running_it_again(platform, monkeypatch, method, point, when):
    backup = dispatch(BackUpTenant(tenant_id=platform.id, with_files=True), actor=SUITE)
    command = RestoreTenant(
        backup=str(backup.pk), slug="copy" if method == "as new" else "", reason="A test."
    )
    path = f"apps.backups.{point}"
    function = import_string(path)

    def dies(*args, **kwargs):
        if when == "after":
            function(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(path, dies)
        dispatch(command, actor=SUITE)
    with activate(Tenant.objects.get(slug="acme").info):
        assert Entry.objects.count() == 1, "the source is unchanged"

    restored = (
        Tenant.objects.get(slug="copy")
        if method == "as new" and Tenant.objects.filter(slug="copy").exclude(state="pending").exists()
        else dispatch(command, actor=SUITE)
    )

    with activate(restored.info):
        assert Entry.objects.count() == 1
    assert Tenant.objects.get(slug="acme").mode == "normal"
    replaced.sweep("home")
    assert schemas_like("restoring") == []


@pytest.mark.exhaustive("a process that is killed")
def test_a_killed_backup_is_marked_as_failed_by_the_next_one(platform, tmp_path):
    """In a separate process that is killed halfway through the rows."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_HALFWAY, settings_of_database(), str(tmp_path / "acme.zip")],
        env=dict(os.environ),
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not (tmp_path / "acme.zip").exists()
    assert Backup.objects.get().state == "running"

    verb("backup", "acme", "--to", str(tmp_path / "acme.zip"))

    assert [*Backup.objects.order_by("pk").values_list("state", "last_error")] == [
        ("failed", "The backup worker was interrupted."),
        ("done", ""),
    ]


KILLED_HALFWAY = """
import os, signal, sys, django
django.setup()
from django.core.management import call_command
from django.db import connections
from apps.backups.files import exporting
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[1]
copy = exporting._copy
def dies(cursor, schema, table, write):
    copy(cursor, schema, table, write)
    if table.name == "ledger_entry":
        os.kill(os.getpid(), signal.SIGKILL)
exporting._copy = dies
call_command("tenant", "backup", "acme", "--to", sys.argv[2])
"""


def settings_of_database():
    return str(connections["default"].settings_dict["NAME"])


def test_an_altered_backup_is_refused_by_its_checksum(platform, tmp_path):
    file = tmp_path / "acme.zip"
    backup = dispatch(BackUpTenant(tenant_id=platform.id, to=str(file)), actor=SUITE)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(BackupFileAltered):
        dispatch(RestoreTenant(backup=str(backup.pk), slug="copy", reason="A test."), actor=SUITE)
