"""Scheduling of backups and restore drills, backup policies, alerts and the console page."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connections

from apps.audit.models import Record
from apps.backups import queries
from apps.backups.commands import SetBackupPolicy
from apps.backups.errors import PolicyIsNegative, TransferBusy
from apps.backups.files import exporting, storage
from apps.backups.models import Backup, RestoreDrill
from apps.backups.schedule import jobs, restore_drills, running, scheduler
from apps.backups.schemas import owner, replaced
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.db import databases
from apps.kernel.errors import Forbidden
from apps.kernel.queues.periodic import PERIODIC
from apps.kernel.tenant import activate
from apps.notices.hooks import alerts
from apps.notices.models import Notice
from apps.notices.tasks import check_alerts
from apps.operations.commands import SuspendTenant
from apps.tenancy.models import Tenant
from tests.support.backups import later, make_due, verb, waiting
from tests.support.transfer import schemas_like

SUITE = System("The suite")


def alerted():
    return {alert.name: alert.text for alert in alerts() if alert.name.startswith("backups:")}


def policy(tenant, **fields):
    dispatch(SetBackupPolicy(tenant_id=tenant.id, reason="By contract.", **fields), actor=SUITE)


def test_a_backup_is_scheduled_for_each_tenant(platform):
    scheduler.schedule_due()
    assert len(waiting()) == 2

    assert [*running.work()] == ["acme: backed up.", "globex: backed up."]
    assert [*Backup.objects.order_by("slug").values_list("slug", "state", "kind", "percent")] == [
        ("acme", "done", "scheduled", 100),
        ("globex", "done", "scheduled", 100),
    ]


def test_a_suspended_tenant_is_backed_up(platform):
    dispatch(SuspendTenant(tenant_id=platform.id, reason="It did not pay."), actor=SUITE)

    assert make_due() == {"acme", "globex"}


def test_a_waiting_backup_runs_once(platform):
    scheduler.schedule_due()
    number = waiting()[0]

    assert jobs.run(number).state == "done"
    assert jobs.run(number) is None
    assert Backup.objects.done().count() == 1


def at_once(work, times=4):
    """The results of concurrent calls."""
    barrier = Barrier(times)

    def one(_):
        try:
            with activate(None):
                barrier.wait()
                return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [*pool.map(one, range(times))]


def test_concurrent_schedulers_schedule_each_backup_once(platform):
    at_once(scheduler.schedule_due)

    assert Backup.objects.count() == 2


def test_a_second_waiting_backup_of_a_tenant_violates_a_constraint(platform):
    """Without the lock of the scheduler."""
    for _ in range(2):
        backups = [Backup(tenant_id=platform.id, slug="acme", state="waiting", begun_at=jobs.now())]
        Backup.objects.bulk_create(backups, ignore_conflicts=True)
    assert len(waiting()) == 1


def test_concurrent_workers_run_a_waiting_backup_once(platform):
    scheduler.schedule_due()
    number = waiting()[0]

    def work():
        try:
            return jobs.run(number)
        except TransferBusy:
            return None

    assert len([backup for backup in at_once(work) if backup]) == 1


def test_a_backup_of_a_locked_tenant_stays_waiting_without_delaying_others(platform):
    scheduler.schedule_due()
    with connections["owner"].cursor() as other_session:
        other_session.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{platform.id}"])
        assert [*running.work()] == ["globex: backed up."]
        other_session.execute("SELECT pg_advisory_unlock_all()")

    assert [*running.work()] == ["acme: backed up."]


def test_late_backups_are_reported_without_a_running_backup_worker(platform, operator, monkeypatch):
    """By a scheduled task of the ordinary workers, which needs no credentials of the backup worker."""
    monkeypatch.setattr(databases, "having", lambda role: [])
    make_due()
    scheduler.schedule_due()
    later(monkeypatch, hours=49)

    assert (PERIODIC["notices.check_alerts"].seconds, PERIODIC["notices.check_alerts"].where) == (
        60,
        "platform",
    )
    check_alerts.apply(headers={"tenant": "public"}, throw=True)

    late = Notice.objects.get(subject="2 tenants are without a recent backup")
    assert "acme, globex" in late.text
    assert "Is a backup worker running?" in Notice.objects.get(subject="Backups may not be restorable").text


def test_a_failed_backup_raises_an_alert_without_delaying_other_tenants(platform, monkeypatch):
    original = exporting.export

    def fails_for_acme(tenant, *args, **kwargs):
        if tenant.slug == "acme":
            raise OSError("No space left on device")
        return original(tenant, *args, **kwargs)

    monkeypatch.setattr(jobs, "export", fails_for_acme)
    scheduler.schedule_due()
    assert [*running.work()] == ["globex: backed up."]

    assert [backup.slug for backup in Backup.objects.done()] == ["globex"]
    assert "acme" in alerted()["backups:failed"]
    assert "No space left on device" in alerted()["backups:failed"]

    monkeypatch.setattr(jobs, "export", original)
    later(monkeypatch, minutes=16)
    assert make_due() == {"acme"}
    assert alerted() == {}


def test_a_tenant_without_a_backup_for_two_intervals_raises_an_alert(platform, monkeypatch):
    make_due()
    later(monkeypatch, hours=47)
    assert "backups:late" not in alerted()
    later(monkeypatch, hours=49)

    assert (
        alerted()["backups:late"]
        == "Their data loss would exceed the recovery point objective: acme, globex."
    )


def test_the_policy_of_a_tenant_overrides_the_platform_default(platform, monkeypatch):
    policy(platform, interval_hours=1, retention_days=60, max_count=2)
    make_due()

    for hours in (2, 4, 6):
        later(monkeypatch, hours=hours)
        assert make_due() == {"acme"}
    assert jobs.prune() == 2
    assert Backup.objects.done().filter(slug="acme").count() == 2

    later(monkeypatch, days=50)
    assert jobs.prune() == 0
    later(monkeypatch, days=100)
    assert jobs.prune() == 1, "the newest stays"


def test_a_policy_change_is_in_the_audit_log_with_its_reason(platform, operator):
    printed = verb(
        "backup-policy", "acme", "--interval-hours", "6", "--max-count", "9", "--reason", "They pay for it."
    )
    assert printed["interval_hours"] == 6
    status = next(status for status in queries.statuses() if status.tenant.slug == "acme")
    assert str(status.policy) == "every 6 h, retained 30 days, 9 at most"
    record = Record.objects.get(command="tenancy.set_backup_policy")
    assert (record.reason, record.subject_id) == ("They pay for it.", str(platform.id))

    with pytest.raises(PolicyIsNegative):
        policy(platform, interval_hours=-1)


def test_setting_a_policy_without_permission_is_refused(platform, user_without_role):
    with pytest.raises(Forbidden):
        dispatch(SetBackupPolicy(tenant_id=platform.id, reason="A test."), actor=user_without_role)


def test_a_backup_that_cannot_be_removed_does_not_stop_the_removal_of_others(platform, monkeypatch):
    make_due()
    Backup.objects.update(tenant=None)
    original, stuck = storage.remove, Backup.objects.order_by("pk").first()

    def remove(storage_key):
        if storage_key == stuck.storage_key:
            raise OSError("Access denied")
        original(storage_key)

    monkeypatch.setattr(storage, "remove", remove)
    assert jobs.prune() == 1
    stuck.refresh_from_db()
    assert stuck.state == "done"


# Restore drills


def test_a_restore_drill_is_scheduled_at_the_interval(platform, monkeypatch):
    scheduler.schedule_due()
    assert not RestoreDrill.objects.exists(), "there is no backup yet"
    make_due()
    scheduler.schedule_due()

    for count in (1, 0):
        assert len([*running.work()]) == count
    drill = RestoreDrill.objects.get()
    assert (drill.state, drill.last_error) == ("done", "")
    assert drill.backup.verified_at
    assert not restore_drills.is_due()
    assert alerted() == {}

    later(monkeypatch, days=8)
    assert restore_drills.is_due()
    later(monkeypatch, days=9)
    assert "No restore drill has run since" in alerted()["backups:drill"]


def test_a_failed_restore_drill_raises_an_alert_until_one_succeeds(platform, monkeypatch):
    make_due()
    with monkeypatch.context() as patch:
        patch.setattr(restore_drills.verifying, "faults", lambda *_: ["ledger_entry has 1 rows and had 2"])
        assert restore_drills.run_now().state == "failed"

    assert "ledger_entry has 1 rows and had 2" in alerted()["backups:drill"]
    assert schemas_like("restoring") == []
    assert not restore_drills.is_due()

    later(monkeypatch, hours=7)
    assert restore_drills.is_due()
    restore_drills.run_now()
    assert "backups:drill" not in alerted()


def test_the_schema_of_a_restore_drill_belongs_to_the_backup_role(platform, monkeypatch):
    """It is verified with the role of the tenant."""
    make_due()
    original = restore_drills.verifying.faults
    seen = []

    def record_roles(manifest, made):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_userbyid(nspowner), has_schema_privilege('bursar_app', oid, 'USAGE')"
                " FROM pg_namespace WHERE nspname = %s",
                [made.schema],
            )
            seen.append((*cursor.fetchone(), made.role))
        return original(manifest, made)

    monkeypatch.setattr(restore_drills.verifying, "faults", record_roles)
    assert restore_drills.run_now().last_error == ""
    assert seen == [("bursar_backup", False, platform.role)]


def test_the_backup_role_has_no_access_to_tenant_schemas(platform):
    with owner.cursor_as("backup_worker", "home") as cursor:
        cursor.execute(
            "SELECT session_user, bool_or(has_schema_privilege(oid, 'USAGE')) FROM pg_namespace"
            " WHERE nspname ~ '^(tenant|spare)_|^bursar_'"
        )
        assert cursor.fetchone() == ("bursar_backup", False)
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND has_table_privilege(oid, 'SELECT')"
        )
        assert cursor.fetchall() == []


def test_a_restore_drill_without_credentials_fails_with_the_name_of_the_setting(platform, monkeypatch):
    make_due()
    monkeypatch.setattr(databases, "having", lambda role: [])

    assert "DATABASE_BACKUP_URL" in restore_drills.run_now().last_error


def test_a_restore_drill_runs_in_the_database_of_the_tenant(initech, db):
    with activate(None):
        Tenant.objects.exclude(slug="initech").update(state="suspended")
        jobs.make(Tenant.objects.get(slug="initech"), Backup.Kind.MANUAL)

        drill = restore_drills.run_now()

        assert (drill.backup.slug, drill.last_error) == ("initech", "")


def test_the_console_shows_policies_backups_restore_drills(platform, operator, client_for):
    policy(platform, interval_hours=6)
    make_due()
    restore_drills.run_now()
    Backup.objects.create(tenant_id=platform.id, slug="acme", begun_at=jobs.now(), percent=40)
    restore_drills.RestoreDrill.objects.create(
        backup=Backup.objects.done().first(),
        state="failed",
        begun_at=jobs.now(),
        last_error="It was too heavy.",
    )
    client = client_for(operator, None)

    page = client.get("/backups/").content.decode()
    for text in ("every 6 h, retained 30 days", "running, 40 %", "It was too heavy.", "acme of"):
        assert text in page
    form = client.get(f"/tenants/{platform.id}/backup-policy/")
    assert form.context["form"].initial["interval_hours"] == 6


def test_a_backup_of_last_year_is_due(platform, monkeypatch):
    make_due()
    Backup.objects.update(begun_at=jobs.now() - dt.timedelta(days=365))
    assert make_due() == {"acme", "globex"}


def test_leftovers_of_restore_drills_are_dropped_despite_an_unavailable_database(platform, monkeypatch):
    swept = []

    def sweep(at, *, by):
        if at == "away":
            raise OperationalError("the server is down")
        swept.append((at, by))

    monkeypatch.setattr(databases, "having", lambda role: ["away", "home"])
    monkeypatch.setattr(replaced, "sweep", sweep)

    restore_drills.drop_leftovers()

    assert swept == [("home", "backup_worker")]
