"""Backups and drills come round by themselves: asked for once, done once, and said where somebody looks."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connections

from apps.audit.models import Record
from apps.bus import dispatch
from apps.kernel import databases
from apps.kernel.actors import System
from apps.kernel.errors import Forbidden
from apps.kernel.periodic import PERIODIC
from apps.kernel.tenant import activate
from apps.notices.hooks import alerts
from apps.notices.models import Notice
from apps.notices.tasks import watch
from apps.operations.commands import SuspendTenant
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import (
    exporting,
    importing,
    jobs,
    objectives,
    restore_drills,
    restoring,
    running,
    scheduler,
    storage,
)
from apps.tenancy.transfer.commands import SetBackupPolicy
from apps.tenancy.transfer.errors import PolicyIsNegative
from apps.tenancy.transfer.models import Backup, RestoreDrill
from tests.support.backups import later, make_due, verb, waiting
from tests.support.transfer import schemas_like

SUITE = System("The suite")


def alerted():
    return {alert.name: alert.text for alert in alerts() if alert.name.startswith("backups:")}


def policy(tenant, **agreed):
    dispatch(SetBackupPolicy(tenant_id=tenant.id, reason="As agreed.", **agreed), actor=SUITE)


def test_each_tenant_is_asked_for_and_backed_up(platform):
    scheduler.schedule_due()
    assert len(waiting()) == 2

    assert [*running.work()] == ["acme: backed up.", "globex: backed up."]
    assert [*Backup.objects.order_by("slug").values_list("slug", "state", "kind", "percent")] == [
        ("acme", "done", "scheduled", 100),
        ("globex", "done", "scheduled", 100),
    ]


def test_who_is_suspended_is_backed_up_too(platform):
    dispatch(SuspendTenant(tenant_id=platform.id, reason="It did not pay."), actor=SUITE)

    assert make_due() == {"acme", "globex"}


def test_what_is_asked_for_once_is_done_once(platform):
    scheduler.schedule_due()
    number = waiting()[0]

    assert jobs.run(number).state == "done"
    assert jobs.run(number) is None
    assert Backup.objects.done().count() == 1


def at_once(work, times=4):
    """What each of so many threads came to, who all began at the same moment."""
    together = Barrier(times)

    def one(_):
        try:
            with activate(None):
                together.wait()
                return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [*pool.map(one, range(times))]


def test_two_backup_workers_ask_once(platform):
    at_once(scheduler.schedule_due)

    assert Backup.objects.count() == 2


def test_the_database_refuses_to_be_asked_twice(platform):
    """Also where nobody looks who else asks."""
    for _ in range(2):
        asked = [Backup(tenant_id=platform.id, slug="acme", state="waiting", begun_at=jobs.now())]
        Backup.objects.bulk_create(asked, ignore_conflicts=True)
    assert len(waiting()) == 1


def test_of_two_backup_workers_one_makes_it(platform):
    scheduler.schedule_due()
    number = waiting()[0]

    def work():
        try:
            return jobs.run(number)
        except restoring.TransferBusy:
            return None

    assert len([each for each in at_once(work) if each]) == 1


def test_a_tenant_that_is_being_restored_waits_and_holds_up_nobody(platform):
    scheduler.schedule_due()
    with connections["owner"].cursor() as somebody:
        somebody.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{platform.id}"])
        assert [*running.work()] == ["globex: backed up."]
        somebody.execute("SELECT pg_advisory_unlock_all()")

    assert [*running.work()] == ["acme: backed up."]


def test_while_no_backup_worker_runs_workers_say_that_backups_are_late(platform, operator, monkeypatch):
    """They look each minute, and need none of a backup worker's means."""
    monkeypatch.setattr(databases, "having", lambda role: [])
    make_due()
    scheduler.schedule_due()
    later(monkeypatch, hours=49)

    assert (PERIODIC["notices.watch"].seconds, PERIODIC["notices.watch"].where) == (60, "platform")
    watch.apply(headers={"tenant": "public"}, throw=True)

    late = Notice.objects.get(subject="2 tenants are backed up too long ago")
    assert "acme, globex" in late.text
    assert "Does a backup worker run?" in Notice.objects.get(subject="Backups may not be restorable").text


def test_one_that_fails_is_an_alert_and_the_next_is_not_held_up(platform, monkeypatch):
    whole = exporting.export

    def fails_for_acme(tenant, *args, **kwargs):
        if tenant.slug == "acme":
            raise OSError("No space left on device")
        return whole(tenant, *args, **kwargs)

    monkeypatch.setattr(jobs, "export", fails_for_acme)
    scheduler.schedule_due()
    assert [*running.work()] == ["globex: backed up."]

    assert [backup.slug for backup in Backup.objects.done()] == ["globex"]
    assert "acme" in alerted()["backups:failed"]
    assert "No space left on device" in alerted()["backups:failed"]

    monkeypatch.setattr(jobs, "export", whole)
    later(monkeypatch, minutes=16)
    assert make_due() == {"acme"}
    assert alerted() == {}


def test_who_missed_his_turn_twice_is_an_alert_whatever_is_promised(platform, monkeypatch):
    make_due()
    later(monkeypatch, hours=47)
    assert "backups:late" not in alerted()
    later(monkeypatch, hours=49)

    assert alerted()["backups:late"] == "They would lose more than was promised: acme, globex."


def test_what_is_agreed_for_one_tenant_goes_before_what_is_usual(platform, monkeypatch):
    policy(platform, every_hours=1, retention_days=60, max_count=2)
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


def test_a_policy_is_set_with_a_reason_and_stands_in_the_audit_log(platform, operator):
    said = verb("backup-policy", "acme", "--every", "6", "--max-count", "9", "--reason", "They pay for it.")
    assert said["every"] == 6
    standing = next(standing for standing in objectives.statuses() if standing.tenant.slug == "acme")
    assert str(standing.policy) == "every 6 h, retained 30 days, 9 at most"
    record = Record.objects.get(command="tenancy.set_backup_policy")
    assert (record.reason, record.subject_id) == ("They pay for it.", str(platform.id))

    with pytest.raises(PolicyIsNegative):
        policy(platform, every_hours=-1)


def test_whoever_may_only_look_sets_no_policy(platform, nobody):
    with pytest.raises(Forbidden):
        dispatch(SetBackupPolicy(tenant_id=platform.id, reason="Why not?"), actor=nobody)


def test_one_that_cannot_be_removed_holds_up_no_other(platform, monkeypatch):
    make_due()
    Backup.objects.update(tenant=None)
    whole, stuck = storage.remove, Backup.objects.order_by("pk").first()

    def remove(storage_key):
        if storage_key == stuck.storage_key:
            raise OSError("Access denied")
        whole(storage_key)

    monkeypatch.setattr(storage, "remove", remove)
    assert jobs.prune() == 1
    stuck.refresh_from_db()
    assert stuck.state == "done"


# Drills


def test_a_drill_comes_round_and_reports(platform, monkeypatch):
    scheduler.schedule_due()
    assert not RestoreDrill.objects.exists(), "there is nothing to try"
    make_due()
    scheduler.schedule_due()

    for told in (1, 0):
        assert len([*running.work()]) == told
    tried = RestoreDrill.objects.get()
    assert (tried.state, tried.error) == ("done", "")
    assert tried.backup.verified_at
    assert not restore_drills.is_due()
    assert alerted() == {}

    later(monkeypatch, days=8)
    assert restore_drills.is_due()
    later(monkeypatch, days=9)
    assert "No restore drill has run since" in alerted()["backups:drill"]


def test_a_drill_that_fails_is_an_alert_until_one_succeeds(platform, monkeypatch):
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


def test_a_drill_is_done_by_a_role_that_owns_nothing_else(platform, monkeypatch):
    """And whoever compares it is the tenant, as everywhere."""
    make_due()
    compared = restore_drills.verifying.faults
    seen = []

    def look(manifest, made):
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_get_userbyid(nspowner), has_schema_privilege('bursar_app', oid, 'USAGE')"
                " FROM pg_namespace WHERE nspname = %s",
                [made.schema],
            )
            seen.append((*cursor.fetchone(), made.role))
        return compared(manifest, made)

    monkeypatch.setattr(restore_drills.verifying, "faults", look)
    assert restore_drills.run_now().error == ""
    assert seen == [("bursar_backup", False, platform.role)]


def test_the_backup_worker_looks_into_nobodys_schema(platform):
    with importing.cursor_as("backup_worker", "home") as cursor:
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


def test_a_process_without_an_address_for_it_says_so(platform, monkeypatch):
    make_due()
    monkeypatch.setattr(databases, "having", lambda role: [])

    assert "DATABASE_BACKUP_URL" in restore_drills.run_now().error


def test_a_tenant_in_another_database_is_tried_there(initech, db):
    with activate(None):
        Tenant.objects.exclude(slug="initech").update(state="suspended")
        jobs.make(Tenant.objects.get(slug="initech"), Backup.Kind.MANUAL)

        tried = restore_drills.run_now()

        assert (tried.backup.slug, tried.error) == ("initech", "")


def test_the_console_shows_what_is_agreed_made_and_tried(platform, operator, client_for):
    policy(platform, every_hours=6)
    make_due()
    restore_drills.run_now()
    Backup.objects.create(tenant_id=platform.id, slug="acme", begun_at=jobs.now(), percent=40)
    restore_drills.RestoreDrill.objects.create(
        backup=Backup.objects.done().first(),
        state="failed",
        begun_at=jobs.now(),
        error="It was too heavy.",
    )
    client = client_for(operator, None)

    page = client.get("/backups/").content.decode()
    for said in ("every 6 h, retained 30 days", "running, 40 %", "It was too heavy.", "acme of"):
        assert said in page
    form = client.get(f"/tenants/{platform.id}/backup-policy/")
    assert form.context["form"].initial["every_hours"] == 6


def test_a_backup_of_last_year_is_as_long_ago_as_it_is(platform, monkeypatch):
    make_due()
    Backup.objects.update(begun_at=jobs.now() - dt.timedelta(days=365))
    assert make_due() == {"acme", "globex"}


def test_what_is_left_of_drills_is_cleared_though_a_database_is_away(platform, monkeypatch):
    swept = []

    def sweep(at, *, by):
        if at == "away":
            raise OperationalError("the server is away")
        swept.append((at, by))

    monkeypatch.setattr(databases, "having", lambda role: ["away", "home"])
    monkeypatch.setattr(restoring, "sweep", sweep)

    restore_drills.drop_leftovers()

    assert swept == [("home", "backup_worker")]
