"""Backups, verifications, restores and clones that operators request, and the workers that execute them."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from apps.backups.commands import (
    RequestBackup,
    RequestClone,
    RequestRestoreAsNew,
    RequestRestoreInPlace,
    VerifyBackup,
)
from apps.backups.errors import (
    BackupIsUnfinished,
    BackupUnknown,
    ConfirmationDiffers,
    RestorationIsUnfinished,
    RestoreDrillIsWaiting,
)
from apps.backups.models import Backup, Restoration, RestoreDrill
from apps.backups.schedule import jobs, restorations, restore_drills, running
from apps.bus import dispatch, dispatch_once
from apps.bus.errors import KeyReused
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.errors import ReasonMissing, SlugTaken, TenantNotReady
from apps.tenancy.models import Tenant
from tests.support.sqlstate import refused
from tests.support.transfer import sale, schemas_like

SUITE = System("The suite")
UNIQUE, CHECK = "23505", "23514"


@pytest.fixture
def backup(platform):
    """A backup of acme with one entry."""
    return jobs.make(Tenant.objects.get(pk=platform.id), Backup.Kind.MANUAL)


def send(command):
    return dispatch(command, actor=SUITE)


def in_place(backup, confirmation="Acme Corporation", reason="Lost."):
    return send(RequestRestoreInPlace(backup_id=backup.pk, confirmation=confirmation, reason=reason))


def clone(tenant, slug="sandbox", **options):
    return send(RequestClone(tenant_id=tenant.id, slug=slug, reason="A trial.", **options))


def entries(slug="acme"):
    with activate(Tenant.objects.get(slug=slug).info):
        return Entry.objects.count()


# Backups


def test_a_requested_backup_is_made_by_the_backup_worker(platform):
    requested = send(RequestBackup(tenant_id=platform.id))
    assert requested.state == "waiting"
    with pytest.raises(BackupIsUnfinished):
        send(RequestBackup(tenant_id=platform.id))

    assert "acme: backed up." in [*running.work()]

    requested.refresh_from_db()
    assert (requested.state, requested.kind, requested.percent) == ("done", "manual", 100)


def test_the_progress_of_a_backup_is_written_during_its_transaction_that_only_reads(platform, monkeypatch):
    """A backup that reports its progress while it reads the rows is not refused by its own transaction."""
    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL_S", -1.0)
    written = []

    def update(self, done, total, report=jobs.Percent.__call__):
        report(self, done, total)
        written.append(Backup.objects.using("control").get(pk=self._job.pk).percent)

    monkeypatch.setattr(jobs.Percent, "__call__", update)

    made = jobs.make(Tenant.objects.get(pk=platform.id), Backup.Kind.MANUAL)

    assert made.state == "done"
    assert len(set(written)) > 2


def test_a_chosen_backup_is_verified_by_a_restore_drill(backup):
    newer = jobs.make(backup.tenant, Backup.Kind.MANUAL)
    send(VerifyBackup(backup_id=backup.pk))
    with pytest.raises(RestoreDrillIsWaiting):
        send(VerifyBackup(backup_id=newer.pk))

    (number,) = restore_drills.waiting()
    restore_drills.run(number)

    backup.refresh_from_db()
    newer.refresh_from_db()
    assert RestoreDrill.objects.get().last_error == ""
    assert (backup.verified_at is not None, newer.verified_at) == (True, None)


def test_the_backup_of_an_unknown_number_is_not_verified_or_restored(platform):
    with pytest.raises(BackupUnknown):
        send(VerifyBackup(backup_id=77))
    with pytest.raises(BackupUnknown):
        send(RequestRestoreAsNew(backup_id=77, slug="copy", reason="x"))


# Restores


@pytest.mark.physical_copy
def test_a_backup_is_restored_as_a_new_tenant(backup):
    request = send(RequestRestoreAsNew(backup_id=backup.pk, slug="copy", name="Copy", reason="Compare."))

    call_command("restore_worker", "--once")

    request.refresh_from_db()
    assert (request.state, request.last_error, request.result.slug) == ("done", "", "copy")
    assert (entries("copy"), request.result.name) == (1, "Copy")


@pytest.mark.physical_copy
def test_a_restore_in_place_that_is_delivered_twice_replaces_the_data_once(backup, accountant):
    request = in_place(backup)
    restorations.run(request.pk)
    assert entries() == 1
    with activate(Tenant.objects.get(slug="acme").info):
        sale(accountant, "99.00")

    assert restorations.run(request.pk) is None
    assert [*restorations.work()] == []

    assert entries() == 2, "the entry after the restore remains"
    assert len(schemas_like("before")) == 1


@pytest.mark.physical_copy
@pytest.mark.parametrize("point", ["restores.in_place.swap_schema", "restores.in_place.migrate_to_current"])
def test_a_restore_in_place_whose_worker_was_killed_is_not_repeated(backup, accountant, monkeypatch, point):
    """It may have replaced the data already, and the tenant works on since."""

    class Killed(BaseException):
        """Simulates a killed process."""

    def dies(*_):
        raise Killed

    request = in_place(backup)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(f"apps.backups.{point}", dies)
        restorations.run(request.pk)
    assert Tenant.objects.get(slug="acme").mode == "maintenance"
    Tenant.objects.get(slug="acme").set_mode(Tenant.Mode.NORMAL)
    with activate(Tenant.objects.get(slug="acme").info):
        sale(accountant, "99.00")
    before = entries()

    assert [*restorations.work()] == []

    request.refresh_from_db()
    assert (request.state, request.last_error) == ("failed", restorations.INTERRUPTED)
    assert entries() == before


def test_a_failed_restore_is_recorded_and_the_next_request_runs(backup, monkeypatch):
    request = in_place(backup)

    def fails(*_):
        raise OSError("no storage")

    monkeypatch.setattr("apps.backups.handlers.transfers.restore_in_place", fails)

    (line,) = restorations.work()

    request.refresh_from_db()
    assert (request.state, request.last_error) == ("failed", "OSError: no storage")
    assert "no storage" in line
    assert in_place(backup).state == "waiting"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [({"confirmation": "acme"}, ConfirmationDiffers), ({"reason": " "}, ReasonMissing)],
)
def test_a_restore_in_place_without_confirmation_or_reason_is_refused(backup, fields, refusal):
    with pytest.raises(refusal):
        in_place(backup, **fields)

    assert not Restoration.objects.exists()


def test_a_second_request_for_the_same_tenant_or_name_is_refused(backup, platform):
    in_place(backup)
    with pytest.raises(RestorationIsUnfinished):
        in_place(backup)

    clone(platform)
    with pytest.raises(RestorationIsUnfinished):
        clone(platform, anonymise=False)
    with pytest.raises(SlugTaken):
        clone(platform, slug="globex")


def test_the_database_refuses_two_unfinished_requests_and_one_without_its_name(backup, platform):
    in_place(backup)
    clone(platform)
    copied = (
        "INSERT INTO backups_restoration (attempts, last_error, state, begun_at, kind, slug, name, database,"
        " anonymise, reason, requested_by, percent, tenant_id)"
        " SELECT attempts, last_error, state, begun_at, kind, {slug}, name, database,"
        " anonymise, reason, requested_by, percent, tenant_id"
        " FROM backups_restoration WHERE kind = '{kind}'"
    )

    assert refused(copied.format(slug="slug", kind="in_place")) == UNIQUE
    assert refused(copied.format(slug="slug", kind="clone")) == UNIQUE
    assert refused(copied.format(slug="''", kind="clone")) == CHECK


# Clones


@pytest.mark.physical_copy
def test_a_tenant_is_cloned_with_the_options_of_the_request(platform):
    request = clone(platform, anonymise=False, name="Trial")

    [*restorations.work()]

    request.refresh_from_db()
    assert (request.state, request.last_error) == ("done", "")
    assert request.result.sandbox_of_id == platform.id
    with activate(request.result.info):
        assert Entry.objects.get().payee == "Jane Roe"


def test_a_clone_with_other_options_under_the_same_key_is_refused(platform):
    """The first request is not the response to another one."""
    for repeated in (False, True):
        command = RequestClone(tenant_id=platform.id, slug="sandbox", reason="A trial.")
        assert dispatch_once(command, actor=SUITE, key="k-1").repeated is repeated

    other = RequestClone(tenant_id=platform.id, slug="sandbox", anonymise=False, reason="A trial.")
    with pytest.raises(KeyReused):
        dispatch_once(other, actor=SUITE, key="k-1")
    assert Restoration.objects.get().anonymise


def test_a_tenant_that_is_being_set_up_is_neither_cloned_nor_backed_up(platform):
    pending = Tenant.objects.create(
        id=90,
        slug="novel",
        name="Novel",
        owner_email="x@x.example",
        schema_name="tenant_90",
        created_at=now(),
    )
    for request in (lambda: clone(pending.info), lambda: send(RequestBackup(tenant_id=pending.pk))):
        with pytest.raises(TenantNotReady):
            request()


# Pages


def test_the_pages_request_what_the_overview_then_shows(backup, client_for, operator):
    client = client_for(operator, None)
    tenant, made = f"/tenants/{backup.tenant_id}", f"/backups/{backup.pk}"
    named = {"slug": "copy", "name": "", "database": "home", "reason": "Compare."}
    requests = {
        f"{made}/restore-in-place/": {"confirmation": "Acme Corporation", "reason": "Lost."},
        f"{tenant}/back-up/": {},
        f"{tenant}/clone/": {"slug": "sandbox", "anonymise": "on", "reason": "A trial."},
        f"{made}/verify/": {},
        f"{made}/restore-as-new/": named,
    }

    assert {path: client.get(path).status_code for path in requests} == dict.fromkeys(requests, 200)
    assert {path: client.post(path, data).status_code for path, data in requests.items()} == dict.fromkeys(
        requests, 302
    )

    shown = client.get("/backups/").content.decode()
    for text in ("Restore in place", "Restore as a new tenant", "Clone", operator.name, "A trial."):
        assert text in shown
    assert [*Restoration.objects.order_by("pk").values_list("kind", "anonymise")] == [
        ("in_place", False),
        ("clone", True),
        ("as_new", False),
    ]


def test_a_wrong_confirmation_on_the_page_is_refused(backup, client_for, operator):
    client = client_for(operator, None)

    response = client.post(
        f"/backups/{backup.pk}/restore-in-place/", {"confirmation": "Globex", "reason": "Lost."}
    )

    assert response.status_code == 422
    assert "tenancy.confirmation_differs" in response.content.decode()
