"""Tenants in two databases on two servers, with the same code."""

from __future__ import annotations

import threading

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.db.utils import ConnectionDoesNotExist

from apps.bus import dispatch
from apps.companies.models import Company
from apps.events.models import OutboxEvent
from apps.events.tasks import sweep_deliveries
from apps.kernel.tenant import (
    DatabaseSwitchInTransaction,
    TenantSwitchInTransaction,
    activate,
    at_database,
    current_database,
)
from apps.monitoring.gauges import DatabaseCollector
from apps.tenancy import tenant_schemas
from apps.tenancy.commands import ChangeDatabase, CreateTenant, DiscardTenant
from apps.tenancy.errors import DatabaseUnknown, NoDatabaseHasCapacity
from apps.tenancy.models import Tenant
from apps.tenancy.placement import queries
from apps.tenancy.tasks import refill_spares
from tests.support.shards import settings_of


def port(alias="default"):
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT inet_server_port(), current_schema()")
        return cursor.fetchone()


def test_an_alias_connects_to_the_server_of_the_tenant(acme, initech):
    with activate(acme):
        home = port()
    with activate(initech):
        assert current_database() == "east"
        assert port()[1] == initech.schema
        assert port()[0] != home[0]
        assert Company.objects.get().name == "Initech"
    assert port() == (home[0], "public")


def test_the_directory_is_read_from_home_in_every_database(acme, initech):
    with activate(initech):
        assert set(Tenant.objects.values_list("slug", flat=True)) == {"acme", "globex", "initech"}
        assert Tenant.objects.get(slug="initech").database == "east"


def test_a_transaction_is_in_the_database_of_the_tenant(initech):
    with activate(initech):
        called = []
        with transaction.atomic():
            assert connections["default@east"].in_atomic_block
            assert not connections["control"].in_atomic_block
            Company.objects.update(name="Changed")
            transaction.on_commit(lambda: called.append(Company.objects.get().name))
            assert called == []
        assert called == ["Changed"]
        with pytest.raises(LookupError), transaction.atomic():
            Company.objects.update(name="Never")
            raise LookupError
        assert Company.objects.get().name == "Changed"


def test_a_transaction_elsewhere_prevents_a_change_of_tenant(acme, initech):
    with activate(initech), transaction.atomic(), pytest.raises(TenantSwitchInTransaction), activate(acme):
        pass
    with activate(acme), transaction.atomic(), pytest.raises(TenantSwitchInTransaction), activate(initech):
        pass


def test_a_transaction_prevents_a_change_of_database(east):
    with transaction.atomic(), pytest.raises(DatabaseSwitchInTransaction), at_database(east):
        pass


def test_events_of_a_tenant_are_stored_in_its_database(initech):
    with activate(initech):
        assert OutboxEvent.objects.exists()
    assert not OutboxEvent.objects.filter(tenant_id=initech.id).exists()
    assert OutboxEvent.objects.using("relay@east").filter(tenant_id=initech.id).exists()


def test_the_tenant_mirror_has_only_the_fields_of_the_functions(initech):
    with connections["owner@east"].cursor() as cursor:
        cursor.execute("SELECT slug FROM tenancy_tenant")
        assert cursor.fetchall() == [("initech",)]
        cursor.execute("SELECT count(*) FROM tenancy_domain")
        assert cursor.fetchone() == (0,)


def test_threads_that_switch_databases_read_the_current_tenant(acme, globex, initech):
    wrong, right = [], []

    def work():
        try:
            for tenant in (acme, initech, globex) * 15:
                with activate(tenant):
                    name = Company.objects.get(code="MAIN").name
                    (right if name == tenant.name else wrong).append(name)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(right), wrong) == (270, [])


def test_a_failed_onboarding_is_removed_from_its_database(east, operator):
    with settings_of(TENANT_DATABASE_STRATEGY="tests.support.shards.in_the_east"):
        tenant = dispatch(
            CreateTenant(slug="hooli", name="Hooli", owner_email="o@hooli.example"), actor=operator
        )
    assert tenant.database == "east"

    dispatch(DiscardTenant(tenant_id=tenant.pk), actor=operator)

    with connections["owner@east"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [tenant.schema_name])
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM tenancy_tenant")
        assert cursor.fetchone() == (0,)


def test_a_database_can_be_chosen_for_a_tenant(east, operator):
    command = CreateTenant(slug="hooli", name="Hooli", owner_email="o@hooli.example", database="east")

    assert dispatch(command, actor=operator).database == "east"


def test_an_unknown_database_is_refused(db, operator):
    command = CreateTenant(slug="hooli", name="Hooli", owner_email="o@hooli.example", database="west")

    with pytest.raises(DatabaseUnknown):
        dispatch(command, actor=operator)


def test_a_full_database_accepts_no_tenant(east, operator):
    new = CreateTenant(slug="hooli", name="Hooli", owner_email="o@hooli.example")
    for key in ("home", "east"):
        dispatch(ChangeDatabase(key=key, capacity=0, accepts_new=True, reason="full"), actor=operator)

    with pytest.raises(NoDatabaseHasCapacity):
        dispatch(new, actor=operator)
    dispatch(ChangeDatabase(key="east", capacity=1, accepts_new=True, reason="a disk more"), actor=operator)

    assert dispatch(new, actor=operator).database == "east"


def test_a_closed_database_is_no_candidate(east, operator):
    dispatch(ChangeDatabase(key="home", capacity=300, accepts_new=False, reason="old"), actor=operator)

    assert [candidate.key for candidate in queries.candidates_for_new_tenants()] == ["east"]


@pytest.mark.physical_copy
def test_a_tenant_is_placed_in_its_region(east, operator):
    dispatch(
        ChangeDatabase(key="east", region="eu", capacity=9, accepts_new=True, reason="law"), actor=operator
    )
    new = {"name": "Hooli", "owner_email": "o@hooli.example"}

    with settings_of(TENANT_DATABASE_STRATEGY="region"):
        assert dispatch(CreateTenant(slug="hooli", region="eu", **new), actor=operator).database == "east"
        assert dispatch(CreateTenant(slug="pied", **new), actor=operator).database == "home"
        with pytest.raises(NoDatabaseHasCapacity):
            dispatch(CreateTenant(slug="raviga", region="mars", **new), actor=operator)


def test_spares_are_created_in_each_database(east):
    before = tenant_schemas.spares(east)

    assert tenant_schemas.refill(before + 1, east) == 1

    assert tenant_schemas.spares(east) == before + 1


def test_the_status_of_databases_has_tenants_and_capacity(initech):
    home, east = queries.database_statuses()

    assert (home.key, home.tenants, home.lag) == ("home", 2, None)
    assert (east.key, east.tenants, east.spares, east.orphaned_schemas) == ("east", 1, 1, ())
    assert east.free_capacity == 299


def test_an_orphaned_schema_is_listed(east):
    claimed = tenant_schemas.claim(east)

    assert queries.database_statuses()[1].orphaned_schemas == (claimed.schema,)


def test_an_unreachable_database_has_an_error(east):
    connections["default@east"].close()
    connections.settings["default@east"]["PORT"] = "1"

    assert "refused" in queries.database_statuses()[1].last_error


def test_a_database_without_an_address_affects_its_tenants_only(acme):
    import dataclasses

    with activate(dataclasses.replace(acme, database="west")), pytest.raises(ConnectionDoesNotExist):
        connection.cursor()


def test_one_relay_carries_the_events_of_all_databases(initech, capsys):
    assert OutboxEvent.objects.using("relay@east").filter(routed_at=None).exists()

    call_command("relay", once=True)

    assert not OutboxEvent.objects.using("relay@east").filter(routed_at=None).exists()
    assert not OutboxEvent.objects.using("relay").filter(routed_at=None).exists()


def test_a_relay_can_serve_one_database(initech, acme):
    call_command("relay", once=True, database="home")

    assert OutboxEvent.objects.using("relay@east").filter(routed_at=None).exists()
    with pytest.raises(CommandError, match="west"):
        call_command("relay", once=True, database="west")


def test_pending_events_of_all_databases_are_counted(initech):
    call_command("relay", once=True, database="home")
    waits = OutboxEvent.objects.using("relay@east").filter(routed_at=None).count()

    metrics = {metric.name: metric for metric in DatabaseCollector().collect()}

    assert metrics["bursar_outbox_unrouted"].samples[0].value == waits > 0


@pytest.mark.physical_copy
def test_scheduled_tasks_reach_tenants_in_all_databases(initech):
    sweep_deliveries.apply(throw=True, headers={"tenant": "public"})
    refill_spares.apply(throw=True, headers={"tenant": "public"})

    assert tenant_schemas.spares("east") == 3
