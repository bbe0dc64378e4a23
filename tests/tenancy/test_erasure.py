"""A tenant whose days are over goes for ever, and stays gone when an old database comes back."""

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
from apps.kernel import caching
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.kernel.files import files
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.tenancy import directory
from apps.tenancy.commands import MarkArchived
from apps.tenancy.erasure.commands import DropTenant, EraseFiles, JournalErasure
from apps.tenancy.erasure.errors import NotDue, NotJournaled
from apps.tenancy.erasure.footprint import file_names, tenant_footprint
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.erasure.reapply import reapply, returned
from apps.tenancy.models import Domain, Tenant
from tests.support.sqlstate import NO_RIGHT, refused

EXECUTOR = System("The executor")


@pytest.fixture
def lived_in(acme):
    """acme has a file in a folder, an event that was heard, and something in the cache."""
    with activate(acme):
        files().save("invoices/2026/one.pdf", ContentFile(b"one"))
        dispatch_async(OpenAccount(code="1", name="Till", type="asset"), actor=EXECUTOR)
        directory.by_slug("acme")
    route()
    caching._client().set(caching.tenant_cache_key("some", acme.id), b"thing")
    return acme


@pytest.fixture
def due(lived_in):
    queue(lived_in)
    return lived_in


def queue(tenant, on=None):
    Tenant.objects.filter(pk=tenant.id).update(state="archived")
    Tenant.objects.filter(pk=tenant.id).update(state="deleting", delete_after=on or today())


def erase(tenant):
    dispatch(
        JournalErasure(tenant_id=tenant.id, requested_by="Olga", reason="Contract ended."), actor=EXECUTOR
    )
    dispatch(EraseFiles(tenant_id=tenant.id), actor=EXECUTOR)
    dispatch(DropTenant(tenant_id=tenant.id), actor=EXECUTOR)


def left_of(tenant):
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
        "keys": len(list(caching._client().scan_iter(match=f"tenant:{tenant.id}:*"))),
    }


def test_what_there_is_can_be_known_before(lived_in, globex):
    had = tenant_footprint(lived_in)

    assert had.tables > 50
    assert had.rows > 100
    assert (had.files, had.file_bytes) == (1, 3)
    assert tenant_footprint(globex).files == 0


@pytest.mark.physical_copy
def test_nothing_of_it_is_left_and_nothing_of_another_is_touched(due, globex):
    assert all(left_of(due).values())
    with activate(globex):
        files().save("theirs.txt", ContentFile(b"x"))
    before = left_of(globex)

    erase(due)

    assert not any(left_of(due).values())
    assert left_of(globex) == before
    assert directory.by_slug("acme") is None


@pytest.mark.physical_copy
def test_the_journal_and_the_platforms_audit_log_outlive_it(due):
    erase(due)

    erasure = Erasure.objects.get()
    assert (erasure.number, erasure.slug, erasure.requested_by) == (due.id, "acme", "Olga")
    assert erasure.dropped["files"] == 1
    assert Record.objects.filter(command="tenancy.drop_tenant", outcome="done").exists()
    assert OutboxEvent.objects.filter(name="tenant.erased", tenant_id=None).exists()
    assert files().listdir("erasures")[1] == [f"{due.id}-acme.json"]


@pytest.mark.physical_copy
def test_the_journal_is_written_once(due):
    erase(due)

    assert refused("DELETE FROM tenancy_erasure") == NO_RIGHT


@pytest.mark.parametrize("when", ["served", "in its grace"])
def test_nobody_goes_before_his_day(lived_in, when):
    if when == "in its grace":
        queue(lived_in, today() + dt.timedelta(days=1))

    for command in (
        JournalErasure(tenant_id=lived_in.id, requested_by="", reason=""),
        EraseFiles(tenant_id=lived_in.id),
        DropTenant(tenant_id=lived_in.id),
    ):
        with pytest.raises(NotDue):
            dispatch(command, actor=EXECUTOR)
    with pytest.raises(DatabaseError, match="nor due"), connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_forget(%s)", [lived_in.id])
    assert all(left_of(lived_in).values())


def test_nothing_goes_that_the_journal_does_not_say(due):
    with pytest.raises(NotJournaled):
        dispatch(DropTenant(tenant_id=due.id), actor=EXECUTOR)


def test_each_step_may_be_done_again(due):
    journal = JournalErasure(tenant_id=due.id, requested_by="Olga", reason="Contract ended.")
    assert dispatch(journal, actor=EXECUTOR) == dispatch(journal, actor=EXECUTOR)
    assert [dispatch(EraseFiles(tenant_id=due.id), actor=EXECUTOR) for _ in range(2)] == [1, 0]


@pytest.mark.physical_copy
def test_a_tenant_that_a_restore_brings_back_goes_again(due, globex):
    """The row, its schema and its role are there again; the journal in the database may be as old as they are."""
    row = Tenant.objects.filter(pk=due.id).values().get()
    erase(due)
    bring_back(row)

    assert [each.slug for each in returned()] == ["acme"]
    reapply(actor=EXECUTOR)

    assert not any(left_of(due).values())
    assert Erasure.objects.count() == 1
    assert Tenant.objects.filter(slug="globex").exists()
    assert reapply(actor=EXECUTOR) == []


@pytest.mark.physical_copy
def test_another_tenant_with_the_same_number_is_not_meant(due):
    row = Tenant.objects.filter(pk=due.id).values().get()
    erase(due)
    bring_back(row | {"created_at": row["created_at"] + dt.timedelta(days=1)})

    assert returned() == []


def test_one_that_was_kept_after_all_is_not_meant(due):
    dispatch(JournalErasure(tenant_id=due.id, requested_by="Olga", reason="Contract ended."), actor=EXECUTOR)
    assert [each.slug for each in returned()] == ["acme"]

    dispatch(MarkArchived(tenant_id=due.id, reason="They have paid."), actor=EXECUTOR)

    assert returned() == []


def bring_back(row):
    """As the owner does it from a backup, journal and all."""
    Tenant.objects.create(**row | {"state": "active", "delete_after": None})
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {row['schema_name']}")
        cursor.execute("ALTER TABLE tenancy_erasure DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM tenancy_erasure")
        cursor.execute("ALTER TABLE tenancy_erasure ENABLE TRIGGER USER")
