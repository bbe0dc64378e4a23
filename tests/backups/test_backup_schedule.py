"""Scheduling of backups, late and failed backups, and their alerts."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from apps.backups.errors import TransferBusy
from apps.backups.files import exporting, storage
from apps.backups.models import Backup
from apps.backups.schedule import jobs, running, scheduler
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.db import databases
from apps.kernel.queues.periodic import PERIODIC
from apps.kernel.tenant import activate
from apps.notices.hooks import alerts
from apps.notices.models import Notice
from apps.notices.tasks import check_alerts
from apps.operations.commands import SuspendTenant
from tests.support.backups import later, make_due, waiting

SUITE = System("The suite")


def alerted():
    return {alert.name: alert.text for alert in alerts() if alert.name.startswith("backups:")}


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


def test_a_backup_of_last_year_is_due(platform, monkeypatch):
    make_due()
    Backup.objects.update(begun_at=jobs.now() - dt.timedelta(days=365))
    assert make_due() == {"acme", "globex"}
