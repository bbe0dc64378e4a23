"""A tenant goes from one server to another, and nobody finds it changed."""

from __future__ import annotations

import pytest
from django.db import connections

from apps.audit import verification
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
from apps.tenancy.transfer import importing, moving, outbox, restoring
from apps.tenancy.transfer.errors import TenantIsWritable, TransferBusy
from tests.support.settling import settle
from tests.support.transfer import sale, schemas_like


@pytest.fixture
def at_rest(books):
    """Acme, which has been told everything and may only be read."""
    with activate(None):
        settle()
        turn(books, "read_only")
        yield Tenant.objects.get(pk=books.id).info


def turn(tenant, mode):
    dispatch(SetMode(tenant_id=tenant.id, mode=mode, reason="It is moved."), actor=System("The suite"))


@pytest.mark.physical_copy
def test_it_works_on_in_its_new_place(at_rest, east, accountant):
    with activate(at_rest):
        before = ledger.trial_balance(by="total")

    moved = moving.move(at_rest.id, east)
    turn(moved.info, "normal")

    assert (moved.database, moved.epoch) == (east, at_rest.epoch + 1)
    with activate(directory.by_id(at_rest.id)):
        assert ledger.trial_balance(by="total") == before
        assert sale(User.objects.get(email=accountant.email), "7.00").number == 2
        assert verification.verify().intact
    assert len(schemas_like("moved")) == 1


def test_one_that_works_is_not_moved(books, east):
    with activate(None), pytest.raises(TenantIsWritable):
        moving.move(books.id, east)


def test_one_that_is_pinned_is_not_moved(at_rest, east):
    Tenant.objects.filter(pk=at_rest.id).update(pinned=True)
    with pytest.raises(TenantIsPinned):
        moving.move(at_rest.id, east)


@pytest.mark.exhaustive("a move between two servers")
@pytest.mark.physical_copy
def test_what_was_not_told_yet_is_told_in_the_new_place(books, east):
    """The sale's news waits: nobody has routed it."""
    with activate(None):
        turn(books, "read_only")
        untold = OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).count()
        assert untold > 0

        moving.move(books.id, east)

        assert OutboxEvent.objects.using(f"owner@{east}").filter(tenant_id=books.id).count() == untold
        moving.move(books.id, east)
        assert OutboxEvent.objects.using(f"owner@{east}").filter(tenant_id=books.id).count() == untold
        assert not OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).exists()

        moving.move(books.id, "home")
        assert OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None).count() == untold


@pytest.mark.slow("two moves between two servers")
@pytest.mark.physical_copy
def test_it_goes_and_comes_back(at_rest, east):
    moving.move(at_rest.id, east)
    back = moving.move(at_rest.id, "home")

    assert back.database == "home"
    with activate(back.info):
        assert Entry.objects.count() == 1
        assert verification.verify().intact


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.exhaustive("a kill at each stage of a move", by=())
@pytest.mark.physical_copy
@pytest.mark.parametrize(
    ("room", "name"),
    [
        (importing, "_fill"),
        (restoring, "load_and_verify"),
        (importing, "rename"),
        (outbox, "insert"),
        (moving, "_update_directory"),
        (directory, "changed"),
        (restoring, "set_aside"),
        (outbox, "remove"),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_anywhere_it_is_moved_by_asking_again(at_rest, east, monkeypatch, room, name, when):
    function = getattr(room, name)

    def dies(*args, **kwargs):
        if when == "after":
            function(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(room, name, dies)
        with pytest.raises(Killed):
            moving.move(at_rest.id, east)
    connections.close_all()

    now = Tenant.objects.get(pk=at_rest.id).info
    with activate(now):
        assert Entry.objects.count() == 1, "it can be read, wherever it is"

    moved = moving.move(at_rest.id, east)

    with activate(moved.info):
        assert Entry.objects.count() == 1
        assert verification.verify().intact
    assert schemas_like("restoring") == []
    assert [each for each in schemas_like("tenant_") if each == moved.schema_name] == []
    assert not Delivery.objects.using("owner").unsettled().filter(tenant_id=at_rest.id).exists()


def test_of_two_who_move_it_one_does(at_rest, east):
    other = connections["owner"].copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"transfer:{at_rest.id}"])
        with pytest.raises(TransferBusy):
            moving.move(at_rest.id, east)
    other.close()


@pytest.mark.exhaustive("a move between two servers")
@pytest.mark.physical_copy
def test_what_a_worker_could_not_leave_is_left_by_who_can(at_rest, east, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "set_aside", lambda *_: None)
        moving.move(at_rest.id, east)
    assert at_rest.schema in schemas_like("tenant_")

    assert moving.retire_sources() == 1

    assert at_rest.schema not in schemas_like("tenant_")
    assert moving.retire_sources() == 0
