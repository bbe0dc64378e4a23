"""Moves of a tenant between two database servers."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.audit import verification
from apps.backups.errors import TenantIsWritable, TransferBusy
from apps.backups.files import importing, outbox
from apps.backups.moves import offline, sources
from apps.backups.schemas import owner, replaced
from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.tenancy import directory
from apps.tenancy.commands import SetMode
from apps.tenancy.errors import TenantIsPinned
from apps.tenancy.models import Tenant
from tests.support.settling import settle
from tests.support.transfer import sale, schemas_like

pytestmark = pytest.mark.exhaustive("each test moves a tenant between two servers", one_in=3)


@pytest.fixture
def read_only_acme(books):
    """Acme, with all events delivered, in read-only mode."""
    with activate(None):
        settle()
        set_mode(books, "read_only")
        yield Tenant.objects.get(pk=books.id).info


def set_mode(tenant, mode):
    dispatch(SetMode(tenant_id=tenant.id, mode=mode, reason="A move."), actor=System("The suite"))


@pytest.mark.physical_copy
def test_a_moved_tenant_works_in_the_target_database(read_only_acme, east, accountant):
    with activate(read_only_acme):
        before = ledger.trial_balance(by="total")

    moved = offline.move(read_only_acme.id, east)
    set_mode(moved.info, "normal")

    assert (moved.database, moved.epoch) == (east, read_only_acme.epoch + 1)
    with activate(directory.by_id(read_only_acme.id)):
        assert ledger.trial_balance(by="total") == before
        assert sale(User.objects.get(email=accountant.email), "7.00").number == 2
        assert verification.verify().intact
    assert len(schemas_like("moved")) == 1


def test_moving_a_writable_tenant_is_refused(books, east):
    with activate(None), pytest.raises(TenantIsWritable):
        offline.move(books.id, east)


def test_moving_a_pinned_tenant_is_refused(read_only_acme, east):
    Tenant.objects.filter(pk=read_only_acme.id).update(pinned=True)
    with pytest.raises(TenantIsPinned):
        offline.move(read_only_acme.id, east)


@pytest.mark.exhaustive("a move between two servers")
@pytest.mark.physical_copy
def test_undelivered_events_move_with_the_tenant(books, east):
    """The event of the sale has not been routed."""
    with activate(None):
        set_mode(books, "read_only")
        unrouted = OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).count()
        assert unrouted > 0

        offline.move(books.id, east)

        assert OutboxEvent.objects.using(f"owner@{east}").filter(tenant_id=books.id).count() == unrouted
        offline.move(books.id, east)
        assert OutboxEvent.objects.using(f"owner@{east}").filter(tenant_id=books.id).count() == unrouted
        assert not OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).exists()

        offline.move(books.id, "home")
        assert OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).count() == unrouted


@pytest.mark.slow("two moves between two servers")
@pytest.mark.physical_copy
def test_a_tenant_is_moved_to_another_database_then_back(read_only_acme, east):
    offline.move(read_only_acme.id, east)
    back = offline.move(read_only_acme.id, "home")

    assert back.database == "home"
    with activate(back.info):
        assert Entry.objects.count() == 1
        assert verification.verify().intact


class Killed(BaseException):
    """Simulates a killed process."""


@pytest.mark.exhaustive("a kill at each stage of a move", by=())
@pytest.mark.physical_copy
@pytest.mark.parametrize(
    ("module", "name"),
    [
        (importing, "_fill"),
        (offline, "load_and_verify"),
        (owner, "rename"),
        (outbox, "insert"),
        (offline, "switch_directory"),
        (directory, "changed"),
        (replaced, "set_aside"),
        (outbox, "remove"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_move_is_completed_by_running_it_again(
    read_only_acme, east, monkeypatch, module, name, when
):
    function = getattr(module, name)

    def dies(*args, **kwargs):
        if when == "after":
            function(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, dies)
        with pytest.raises(Killed):
            offline.move(read_only_acme.id, east)
    connections.close_all()

    now = Tenant.objects.get(pk=read_only_acme.id).info
    with activate(now):
        assert Entry.objects.count() == 1, "the tenant can be read in either database"

    moved = offline.move(read_only_acme.id, east)

    with activate(moved.info):
        assert Entry.objects.count() == 1
        assert verification.verify().intact
    assert schemas_like("restoring") == []
    assert [schema for schema in schemas_like("tenant_") if schema == moved.schema_name] == []
    assert not Delivery.objects.using("owner").unsettled().filter(tenant_id=read_only_acme.id).exists()


def test_a_concurrent_move_is_refused(read_only_acme, east):
    other = connections["owner"].copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{read_only_acme.id}"])
        with pytest.raises(TransferBusy):
            offline.move(read_only_acme.id, east)
    other.close()


@pytest.mark.exhaustive("a move between two servers")
@pytest.mark.physical_copy
def test_a_source_left_by_a_completed_move_is_set_aside_later(read_only_acme, east, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(replaced, "set_aside", lambda *_: None)
        offline.move(read_only_acme.id, east)
    assert read_only_acme.schema in schemas_like("tenant_")

    assert sources.retire_sources() == 1

    assert read_only_acme.schema not in schemas_like("tenant_")
    assert sources.retire_sources() == 0
