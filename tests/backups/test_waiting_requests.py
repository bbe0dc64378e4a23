"""Requests that wait: cancelled, expired, or naming a backup that retention would remove; and a closed tenant."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.backups.commands import CancelRestoration, RequestRestoreInPlace, VerifyBackup
from apps.backups.errors import RestorationIsNotWaiting, RestorationUnknown
from apps.backups.models import Backup, Restoration, RestoreDrill
from apps.backups.schedule import jobs, restorations, restore_drills, running
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.commands import RenameTenant
from apps.tenancy.errors import ReasonMissing
from apps.tenancy.models import Tenant
from tests.support.transfer import sale


@pytest.fixture
def backup(platform):
    """A backup of acme with one entry."""
    return jobs.make(Tenant.objects.get(pk=platform.id), Backup.Kind.MANUAL)


def send(command):
    return dispatch(command, actor=System("The suite"))


def in_place(backup):
    return send(RequestRestoreInPlace(backup_id=backup.pk, confirmation="Acme Corporation", reason="Lost."))


def entries():
    with activate(Tenant.objects.get(slug="acme").info):
        return Entry.objects.count()


@pytest.mark.physical_copy
def test_a_restore_in_place_that_fails_after_the_swap_leaves_a_closed_tenant_until_it_is_repeated(
    backup, monkeypatch
):
    request = in_place(backup)

    def fails(*_):
        raise OSError("no storage")

    with monkeypatch.context() as patch:
        patch.setattr("apps.backups.restores.in_place.importing.load_files", fails)
        restorations.run(request.pk)

    request.refresh_from_db()
    assert request.last_error == f"OSError: no storage {restorations.CLOSED}"
    assert Tenant.objects.get(slug="acme").mode == "maintenance"

    restorations.run(in_place(backup).pk)
    acme = Tenant.objects.get(slug="acme")
    assert (acme.mode, entries()) == ("maintenance", 1), "an operator ends the maintenance"


def test_a_restore_in_place_that_waited_for_more_than_an_hour_is_not_executed(backup, accountant):
    request = in_place(backup)
    with activate(Tenant.objects.get(slug="acme").info):
        sale(accountant, "99.00")

    with moved_to(now() + restorations.MAX_WAIT + dt.timedelta(minutes=1)):
        (line,) = restorations.work()

    request.refresh_from_db()
    assert (request.state, request.last_error) == ("failed", restorations.EXPIRED)
    assert restorations.EXPIRED in line
    assert entries() == 2
    assert in_place(backup).state == "waiting"


def test_a_restore_in_place_of_a_tenant_that_was_renamed_meanwhile_is_not_executed(backup):
    request = in_place(backup)
    send(RenameTenant(tenant_id=backup.tenant_id, name="Apex", reason="Merged."))

    [*restorations.work()]

    request.refresh_from_db()
    assert (request.state, request.last_error) == ("failed", restorations.EXPIRED)


def cancel(request, reason="A mistake."):
    return send(CancelRestoration(restoration_id=request.pk, reason=reason))


def test_a_cancelled_request_is_not_executed_and_allows_another_one(backup):
    request = in_place(backup)

    cancel(request)

    assert [*restorations.work()] == []
    request.refresh_from_db()
    assert (request.state, request.last_error) == ("failed", "Cancelled by The suite: A mistake.")
    assert in_place(backup).state == "waiting"


def test_a_request_that_is_not_waiting_or_has_no_reason_is_not_cancelled(backup):
    request = in_place(backup)
    with pytest.raises(ReasonMissing):
        cancel(request, reason=" ")
    with pytest.raises(RestorationUnknown):
        send(CancelRestoration(restoration_id=77, reason="x"))
    Restoration.objects.update(state="running")

    with pytest.raises(RestorationIsNotWaiting):
        cancel(request)


def test_a_backup_that_a_waiting_request_names_is_not_pruned(backup):
    jobs.make(backup.tenant, Backup.Kind.MANUAL)
    Backup.objects.filter(pk=backup.pk).update(kind="scheduled", begun_at=now() - dt.timedelta(days=999))
    request = in_place(backup)
    assert jobs.prune() == 0

    cancel(request)
    send(VerifyBackup(backup_id=backup.pk))
    assert jobs.prune() == 0

    RestoreDrill.objects.all().delete()
    assert jobs.prune() == 1


def test_the_verification_of_a_removed_backup_fails_with_its_reason(backup):
    drill = send(VerifyBackup(backup_id=backup.pk))
    Backup.objects.update(state="removed")

    (line,) = running.work()

    drill.refresh_from_db()
    assert (drill.state, drill.last_error) == ("failed", restore_drills.BACKUP_REMOVED)
    assert restore_drills.BACKUP_REMOVED in line


def test_the_page_cancels_a_waiting_request_from_the_link_of_the_overview(backup, client_for, operator):
    client, request = client_for(operator, None), in_place(backup)
    path = f"/restorations/{request.pk}/cancel/"

    assert path in client.get("/backups/").content.decode()
    assert str(request) in client.get(path).content.decode()
    assert client.post(path, {"reason": "A mistake."}).status_code == 302

    shown = client.get("/backups/").content.decode()
    assert (path in shown, "A mistake." in shown) == (False, True)
    assert client.post(path, {"reason": "Again."}).status_code == 409
