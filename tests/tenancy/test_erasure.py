"""Erasure of a tenant, its journal, and erasure again after a restore of the database."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, connections

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.sending import dispatch_async
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.kernel.actors import System
from apps.kernel.cache import keys, redis_client
from apps.kernel.clock import today
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.tenancy import directory
from apps.tenancy.commands import SetTenantArchived
from apps.tenancy.erasure.commands import DropTenant, EraseFiles, JournalErasure
from apps.tenancy.erasure.errors import ErasureNotDue, ErasureNotJournaled
from apps.tenancy.erasure.footprint import file_names, tenant_footprint
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.erasure.reapply import reappeared, reapply
from apps.tenancy.models import Domain, Tenant
from tests.support.sqlstate import NO_RIGHT, refused

EXECUTOR = System("The executor")


@pytest.fixture
def used_tenant(acme):
    """Acme with a file, a delivered event, and an entry in the cache."""
    with activate(acme):
        files().save("invoices/2026/one.pdf", ContentFile(b"one"))
        dispatch_async(OpenAccount(code="1", name="Till", type="asset"), actor=EXECUTOR)
        directory.by_slug("acme")
    route()
    redis_client.client().set(keys.tenant_cache_key("some", acme.id), b"value")
    return acme


@pytest.fixture
def due(used_tenant):
    queue(used_tenant)
    return used_tenant


def queue(tenant, on=None):
    Tenant.objects.filter(pk=tenant.id).update(state="archived")
    Tenant.objects.filter(pk=tenant.id).update(state="deleting", delete_after=on or today())


def erase(tenant):
    dispatch(
        JournalErasure(tenant_id=tenant.id, requested_by="Olga", reason="Contract ended."), actor=EXECUTOR
    )
    dispatch(EraseFiles(tenant_id=tenant.id), actor=EXECUTOR)
    dispatch(DropTenant(tenant_id=tenant.id), actor=EXECUTOR)


def leftovers_of(tenant):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [tenant.schema])
        schemas = cursor.fetchone()[0]
    with activate(tenant):
        names = list(file_names())
    return {
        "schemas": schemas,
        "rows": Tenant.objects.filter(pk=tenant.id).count()
        + Domain.objects.filter(tenant_id=tenant.id).count(),
        "events": OutboxEvent.objects.filter(tenant_id=tenant.id).count(),
        "deliveries": Delivery.objects.filter(tenant_id=tenant.id).count(),
        "files": len(names),
        "keys": len(list(redis_client.client().scan_iter(match=f"tenant:{tenant.id}:*"))),
    }


def test_the_footprint_counts_tables_rows_files(used_tenant, globex):
    footprint = tenant_footprint(used_tenant)

    assert footprint.tables > 50
    assert footprint.rows > 100
    assert (footprint.files, footprint.file_bytes) == (1, 3)
    assert tenant_footprint(globex).files == 0


@pytest.mark.physical_copy
def test_an_erasure_leaves_no_data_of_the_tenant_without_touching_another(due, globex):
    assert all(leftovers_of(due).values())
    with activate(globex):
        files().save("globex.txt", ContentFile(b"x"))
    before = leftovers_of(globex)

    erase(due)

    assert not any(leftovers_of(due).values())
    assert leftovers_of(globex) == before
    assert directory.by_slug("acme") is None


@pytest.mark.physical_copy
def test_the_journal_survives_the_erasure_with_the_audit_log_of_the_platform(due):
    erase(due)

    erasure = Erasure.objects.get()
    assert (erasure.number, erasure.slug, erasure.requested_by) == (due.id, "acme", "Olga")
    assert erasure.dropped["files"] == 1
    assert Record.objects.filter(command="tenancy.drop_tenant", outcome="done").exists()
    assert OutboxEvent.objects.filter(name="tenant.erased", tenant_id=None).exists()
    assert files().listdir("erasures")[1] == [f"{due.id}-acme.json"]


@pytest.mark.physical_copy
def test_the_journal_is_append_only(due):
    erase(due)

    assert refused("DELETE FROM tenancy_erasure") == NO_RIGHT


@pytest.mark.parametrize("state", ["active", "in its grace period"])
def test_an_erasure_before_the_due_date_is_refused(used_tenant, state):
    if state == "in its grace period":
        queue(used_tenant, today() + dt.timedelta(days=1))

    for command in (
        JournalErasure(tenant_id=used_tenant.id, requested_by="", reason=""),
        EraseFiles(tenant_id=used_tenant.id),
        DropTenant(tenant_id=used_tenant.id),
    ):
        with pytest.raises(ErasureNotDue):
            dispatch(command, actor=EXECUTOR)
    with pytest.raises(DatabaseError, match="nor due"), connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_forget(%s)", [used_tenant.id])
    assert all(leftovers_of(used_tenant).values())


def test_dropping_a_tenant_without_a_journal_entry_is_refused(due):
    with pytest.raises(ErasureNotJournaled):
        dispatch(DropTenant(tenant_id=due.id), actor=EXECUTOR)


def test_each_step_of_an_erasure_is_idempotent(due):
    journal = JournalErasure(tenant_id=due.id, requested_by="Olga", reason="Contract ended.")
    assert dispatch(journal, actor=EXECUTOR) == dispatch(journal, actor=EXECUTOR)
    assert [dispatch(EraseFiles(tenant_id=due.id), actor=EXECUTOR) for _ in range(2)] == [1, 0]


@pytest.mark.physical_copy
def test_a_tenant_that_a_database_restore_brought_back_is_erased_again(due, globex):
    """The journal in the database is as old as the restored row; the one in the object store is not."""
    row = Tenant.objects.filter(pk=due.id).values().get()
    erase(due)
    bring_back(row)

    assert [tenant.slug for tenant in reappeared()] == ["acme"]
    reapply(actor=EXECUTOR)

    assert not any(leftovers_of(due).values())
    assert Erasure.objects.count() == 1
    assert Tenant.objects.filter(slug="globex").exists()
    assert reapply(actor=EXECUTOR) == []


@pytest.mark.physical_copy
def test_another_tenant_with_the_same_id_is_not_erased_again(due):
    row = Tenant.objects.filter(pk=due.id).values().get()
    erase(due)
    bring_back(row | {"created_at": row["created_at"] + dt.timedelta(days=1)})

    assert reappeared() == []


def test_a_tenant_whose_erasure_was_rolled_back_is_not_erased_again(due):
    dispatch(JournalErasure(tenant_id=due.id, requested_by="Olga", reason="Contract ended."), actor=EXECUTOR)
    assert [tenant.slug for tenant in reappeared()] == ["acme"]

    dispatch(SetTenantArchived(tenant_id=due.id, reason="They have paid."), actor=EXECUTOR)

    assert reappeared() == []


def bring_back(row):
    """Simulates a restore of the database to a time before the erasure, including the journal."""
    Tenant.objects.create(**row | {"state": "active", "delete_after": None})
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {row['schema_name']}")
        cursor.execute("ALTER TABLE tenancy_erasure DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM tenancy_erasure")
        cursor.execute("ALTER TABLE tenancy_erasure ENABLE TRIGGER USER")
