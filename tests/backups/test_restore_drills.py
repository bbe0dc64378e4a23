"""Restore drills: their schedule, their role, and what they leave."""

from __future__ import annotations

from django.db import OperationalError, connections

from apps.backups.models import Backup, RestoreDrill
from apps.backups.schedule import jobs, restore_drills, running, scheduler
from apps.backups.schemas import owner, replaced
from apps.kernel.db import databases
from apps.kernel.tenant import activate
from apps.notices.hooks import alerts
from apps.tenancy.models import Tenant
from tests.support.backups import later, make_due
from tests.support.transfer import schemas_like


def alerted():
    return {alert.name: alert.text for alert in alerts() if alert.name.startswith("backups:")}


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
