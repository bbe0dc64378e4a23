"""An online move: no write is lost, and the tenant is read-only for a moment only."""

from __future__ import annotations

import itertools
import json
import threading

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.test import override_settings

from apps.audit import verification
from apps.audit.models import Record
from apps.backups.commands import TransferTenantOnline
from apps.backups.errors import AlreadyExists, CopyDiffers, ReplicationNotConfigured
from apps.backups.moves import online
from apps.backups.moves.online import move_online
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate, at_database
from apps.tenancy import directory
from apps.tenancy.errors import TenantIsPinned, TenantIsReadOnly
from apps.tenancy.models import Tenant
from config.embedded.postgres import MOVER
from tests.support.settling import settle

pytestmark = pytest.mark.exhaustive("each test moves a tenant between two servers", one_in=3)
TESTER = System("The suite")
WHY = "It is too big to be paused."


@pytest.fixture
def mover(east_server, database_name):
    """The role of `deploy/roles.sql`."""
    with override_settings(DATABASE_MOVERS={"east": east_server.url_of(MOVER, database_name)}):
        yield


@pytest.fixture
def tenant(initech):
    """Initech, in the database east, with all events delivered."""
    deliver_events_in("east")
    return Tenant.objects.get(pk=initech.id)


def deliver_events_in(key):
    with at_database(key):
        settle()


def add_company(tenant, code):
    with activate(tenant.info):
        dispatch(FoundCompany(code=code, name=code, currency="EUR"), actor=TESTER)


@pytest.mark.physical_copy
def test_a_moved_tenant_is_complete_in_the_target_database(tenant, mover):
    add_company(tenant, "EARLY")
    deliver_events_in("east")

    moved = move_online(tenant, "home")

    tenant = Tenant.objects.get(pk=tenant.pk)
    assert (tenant.database, tenant.mode) == ("home", Tenant.Mode.NORMAL)
    with activate(directory.by_id(tenant.pk)):
        assert set(Company.objects.values_list("code", flat=True)) == {"MAIN", "EARLY"}
        assert connections["default"].alias == "default"
    add_company(tenant, "LATE")
    with activate(tenant.info):
        assert Company.objects.count() == 3
        assert verification.verify(witnesses=[]).faults == []
    assert moved.rows > 100
    print(f"{moved.rows} rows copied after {moved.copied:.1f} s; read-only for {moved.read_only:.2f} s")  # noqa: T201


@pytest.mark.slow("an online move")
@pytest.mark.physical_copy
def test_writes_during_an_online_move_are_not_lost(tenant, mover, monkeypatch):
    """A thread adds companies before, during and after the move. Each successful command must be present."""
    done, refused, unexpected, stop = [], [], [], threading.Event()

    @activate(None)
    def work():
        try:
            for number in itertools.count():
                try:
                    add_company(Tenant.objects.get(pk=tenant.pk), f"C{number}")
                    done.append(f"C{number}")
                except (TenantIsReadOnly, DatabaseError) as refusal:
                    refused.append(refusal)
                if stop.wait(0.02):
                    return
        except BaseException as error:
            unexpected.append(error)
        finally:
            connections.close_all()

    monkeypatch.setattr(online.outbox, "count_due", lambda cursor, tenant_id: 0)  # no relay runs in this test
    clerk = threading.Thread(target=work)
    clerk.start()
    try:
        move_online(tenant, "home")
        before = len(done)
        stop.wait(1)
    finally:
        stop.set()
        clerk.join()

    with activate(Tenant.objects.get(pk=tenant.pk).info):
        assert set(Company.objects.exclude(code="MAIN").values_list("code", flat=True)) == set(done)
    assert 0 < before < len(done)
    assert unexpected == []
    assert all("permission denied" in str(error) for error in refused if isinstance(error, DatabaseError))


@pytest.mark.physical_copy
def test_the_source_schema_is_inaccessible_after_the_move(tenant, mover):
    before = tenant.info
    move_online(tenant, "home")

    with activate(before), pytest.raises(DatabaseError):
        Company.objects.count()


def test_a_failed_online_move_leaves_the_tenant_in_the_source_database(tenant, mover, monkeypatch):
    def broken(self):
        raise CopyDiffers(name="Initech", tables="companies_company")

    monkeypatch.setattr(online._Move, "_compare", broken)
    with pytest.raises(CopyDiffers):
        move_online(tenant, "home")

    tenant = Tenant.objects.get(pk=tenant.pk)
    assert (tenant.database, tenant.mode) == ("east", Tenant.Mode.NORMAL)
    add_company(tenant, "STILL")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [tenant.schema_name])
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT count(*) FROM pg_subscription JOIN pg_database AS here ON here.oid = subdbid"
            " WHERE datname = current_database()"
        )
        assert cursor.fetchone() == (0,)


def test_moving_a_pinned_tenant_is_refused(tenant, mover):
    Tenant.objects.filter(pk=tenant.pk).update(pinned=True)

    with pytest.raises(TenantIsPinned):
        move_online(Tenant.objects.get(pk=tenant.pk), "home")


def test_moving_a_tenant_to_its_own_database_is_refused(tenant, mover):
    with pytest.raises(AlreadyExists):
        move_online(tenant, "east")


def test_an_online_move_without_a_replication_role_is_refused(tenant):
    with pytest.raises(ReplicationNotConfigured):
        move_online(tenant, "home")


@pytest.mark.physical_copy
def test_the_command_line_moves_a_tenant_online(tenant, mover, capsys):
    call_command("tenant", "move-online", "initech", "home", reason=WHY, dry_run=True, json=True)
    assert Tenant.objects.get(pk=tenant.pk).database == "east"
    capsys.readouterr()

    call_command("tenant", "move-online", "initech", "home", reason=WHY, json=True)

    printed = json.loads(capsys.readouterr().out)
    assert (printed["database"], printed["rows"] > 100) == ("home", True)


@pytest.mark.exhaustive("an online move there and back")
@pytest.mark.physical_copy
def test_an_online_move_is_in_the_audit_log_with_actor_reason_rows(tenant, mover, operator):
    moved = dispatch(TransferTenantOnline(tenant_id=tenant.pk, database="home", reason=WHY), actor=operator)

    row = Record.objects.get(command="tenancy.transfer_tenant_online")
    assert (row.outcome, row.actor_name, row.reason) == ("done", operator.name, WHY)
    assert (row.subject_type, row.subject_id) == ("tenancy.tenant", str(tenant.pk))
    assert f"moved the tenant Initech from the database east to home online: {moved.rows:,} rows" in (
        row.sentence
    )
    assert ("database", "east", "home") in [
        (change["field"], change["before"], change["after"]) for change in row.changes
    ]


def test_a_refused_online_move_is_in_the_audit_log(tenant, mover, operator, monkeypatch):
    def broken(self):
        raise CopyDiffers(name="Initech", tables="companies_company")

    monkeypatch.setattr(online._Move, "_compare", broken)
    for command in (
        TransferTenantOnline(tenant_id=tenant.pk, database="home", reason=WHY),
        TransferTenantOnline(tenant_id=tenant.pk, database="east", reason=""),
    ):
        with pytest.raises(Refusal):
            dispatch(command, actor=operator)

    rows = Record.objects.filter(command="tenancy.transfer_tenant_online").order_by("id")
    assert [(row.outcome, [refusal["code"] for refusal in row.refusals]) for row in rows] == [
        ("refused", ["tenancy.copy_differs"]),
        ("refused", ["tenancy.reason_missing", "tenancy.already_exists"]),
    ]


def test_an_online_move_without_permission_is_refused(tenant, mover, owner):
    with pytest.raises(PermissionDenied):
        dispatch(TransferTenantOnline(tenant_id=tenant.pk, database="home", reason=WHY), actor=owner)
