"""Scheduled and manual backups, retention, objectives, and the audit log."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings

from apps.audit.models import Record
from apps.backups import queries
from apps.backups.commands import BackUpTenant, CloneTenant, RestoreTenant
from apps.backups.errors import BackupFileAltered, BackupFileMissing, TenantWasErased
from apps.backups.files import exporting, storage
from apps.backups.files.backup_file import BackupFile
from apps.backups.models import Backup
from apps.backups.schedule import jobs, restore_drills, running, scheduler
from apps.bus import dispatch
from apps.kernel import clock
from apps.kernel.actors import System
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.notices.hooks import alerts
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.errors import ReasonMissing
from apps.tenancy.models import Tenant
from tests.support.backups import later, make_due, no_restore_drill_due
from tests.support.transfer import schemas_like

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


def test_an_altered_backup_is_refused_by_its_checksum(platform, tmp_path):
    file = tmp_path / "acme.zip"
    backup = dispatch(BackUpTenant(tenant_id=platform.id, to=str(file)), actor=SUITE)
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(BackupFileAltered):
        dispatch(RestoreTenant(backup=str(backup.pk), slug="copy", reason="A test."), actor=SUITE)


def test_a_restore_without_a_reason_is_refused(platform):
    with pytest.raises(ReasonMissing):
        dispatch(RestoreTenant(backup="1", slug="copy", reason=" "), actor=SUITE)
