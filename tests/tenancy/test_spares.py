"""Pre-provisioned schemas: creation, claim by a new tenant, and protection from the runtime."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, ProgrammingError, connection, connections, transaction
from django.test import override_settings
from pydantic import ValidationError

from apps.bus import dispatch
from apps.companies.models import Company
from apps.events.tasks import purge_events, sweep_deliveries
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME, activate, current_database
from apps.ledger.models import Account
from apps.operations.commands import OnboardTenant
from apps.tenancy import directory, provisioning, tenant_schemas
from apps.tenancy.commands import CreateTenant, DiscardTenant
from apps.tenancy.errors import SchemaPrefixMismatch
from apps.tenancy.models import Spare, Tenant
from apps.tenancy.tasks import refill_spares
from config.env.variables import Environment
from tests.support.database import SPARES
from tests.support.shards import _known
from tests.support.sqlstate import NO_NAME, NO_RIGHT, refused


def create(slug, operator):
    return dispatch(CreateTenant(slug=slug, name=slug, owner_email=f"o@{slug}.example"), actor=operator)


def schemas():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return {name for (name,) in cursor.fetchall()}


def roles():
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.physical_copy
def test_a_tenant_takes_the_oldest_spare_with_its_number_and_role(operator):
    spare = Spare.objects.order_by("id").first()

    tenant = create("initech", operator)

    assert (tenant.pk, tenant.schema_name, tenant.role_name, tenant.fingerprint) == (
        spare.pk,
        f"tenant_{spare.pk}",
        spare.role_name,
        spare.fingerprint,
    )
    assert spare.schema_name not in schemas()
    assert Spare.objects.count() == SPARES - 1
    with activate(tenant.info):
        assert not Account.objects.exists()


def test_a_rolled_back_claim_returns_the_spare(operator):
    before = set(Spare.objects.values_list("schema_name", flat=True))

    with transaction.atomic():
        tenant_schemas.claim()
        transaction.set_rollback(True)

    assert set(Spare.objects.values_list("schema_name", flat=True)) == before
    assert before <= schemas()


@pytest.mark.physical_copy
def test_concurrent_claims_get_different_spares(db):
    claimed, together = [], threading.Barrier(SPARES)

    @activate(None)
    def claim():
        with transaction.atomic():
            mine = tenant_schemas.claim()
            together.wait(120)  # before any commit
        claimed.append(mine.id)
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(SPARES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(claimed)) == SPARES


@pytest.mark.physical_copy
def test_without_a_spare_one_is_created(operator):
    for number in range(SPARES + 1):
        create(f"tenant-{number}", operator)

    assert Tenant.objects.count() == SPARES + 3
    assert not Spare.objects.exists()


@pytest.mark.physical_copy
def test_a_spare_of_another_release_is_not_claimed(operator):
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenancy_spare SET fingerprint = 'of an older release'")

    tenant = create("initech", operator)

    assert tenant.fingerprint != "of an older release"
    assert Spare.objects.count() == SPARES


@pytest.mark.physical_copy
def test_spares_are_refilled_in_the_background(operator, settings):
    settings.SPARE_TENANTS = SPARES + 1

    refill_spares.run()
    refill_spares.run()

    assert Spare.objects.count() == SPARES + 1
    made = Spare.objects.order_by("-id").first()
    assert made.role_name in roles()
    assert create("initech", operator).pk < made.pk


def test_one_process_refills_spares(db):
    with connections["relay"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('spares', 0))")

        assert tenant_schemas.refill(SPARES + 1) == 0

        cursor.execute("SELECT pg_advisory_unlock(hashtextextended('spares', 0))")


@pytest.fixture
def west_is_away(db):
    """A known database that is unreachable."""
    away = {"default@west": connections.settings["default"] | {"HOST": "127.0.0.1", "PORT": "1"}}
    with _known(away):
        yield "west"


@pytest.mark.physical_copy
def test_an_unreachable_database_does_not_delay_refills_of_others(west_is_away, monkeypatch, caplog):
    """It is in the middle; the databases before and after it are refilled."""
    monkeypatch.setattr(databases, "known", lambda: [HOME, west_is_away, HOME])
    refilled = []
    refill = tenant_schemas.refill
    monkeypatch.setattr(
        tenant_schemas, "refill", lambda wanted, at: refilled.append(at) or refill(wanted, at)
    )

    with override_settings(SPARE_TENANTS=SPARES + 1):
        response = refill_spares.apply(headers={"tenant": "public"})

    assert response.successful(), response.result
    assert refilled == [HOME, west_is_away, HOME]
    assert Spare.objects.count() == SPARES + 1
    assert "The database west is unreachable" in caplog.text


def test_an_error_at_home_is_raised(db, monkeypatch):
    def broken(*_):
        raise ProgrammingError("a mistake")

    monkeypatch.setattr(tenant_schemas, "refill", broken)

    assert not refill_spares.apply(headers={"tenant": "public"}).successful()


def test_an_unreachable_database_does_not_delay_events_of_others(west_is_away, acme, monkeypatch):
    monkeypatch.setattr(databases, "known", lambda: [west_is_away, HOME])
    swept = []
    monkeypatch.setattr("apps.events.tasks.sweep", lambda using: swept.append(current_database()))

    assert sweep_deliveries.apply(headers={"tenant": "public"}).successful()
    assert purge_events.apply(headers={"tenant": "public"}).successful()
    assert swept[-1] == HOME


@pytest.mark.physical_copy
def test_a_discarded_tenant_leaves_neither_schema_nor_role(operator):
    Spare.objects.count()
    for number in range(SPARES):
        create(f"tenant-{number}", operator)
    tenant = create("initech", operator)  # its role was made in this database

    dispatch(DiscardTenant(tenant_id=tenant.pk), actor=operator)

    assert tenant.schema_name not in schemas()
    assert tenant.role_name not in roles()


def test_the_runtime_cannot_insert_spares(db):
    for statement, sqlstate in (
        ("INSERT INTO tenancy_spare VALUES (1, 'public', 'bursar_owner', 'x', now())", NO_RIGHT),
        ("UPDATE tenancy_spare SET schema_name = 'public'", NO_RIGHT),
        ("SELECT tenancy_make_role(1, 'public')", NO_RIGHT),
        ("SELECT * FROM tenancy_claim_spare('tenant_; DROP SCHEMA public')", NO_NAME),
    ):
        assert refused(statement) == sqlstate, statement


@pytest.mark.exhaustive("each case", over="prefix")
@pytest.mark.parametrize(
    "prefix", ["spare_", "bursar_template", "public", "a", "", "tenant", "TENANT_", None]
)
def test_a_claimed_spare_has_the_configured_prefix(db, prefix):
    """By raw SQL, as the runtime."""
    before = schemas()

    with pytest.raises(DatabaseError, match="is not called"), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tenancy_claim_spare(%s)", [prefix])

    assert schemas() == before
    assert Spare.objects.count() == SPARES


@pytest.mark.physical_copy
def test_the_owner_sets_the_prefix_of_schemas(db, operator):
    """Before the first tenant; then the runtime cannot use another prefix, even by raw SQL."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE tenancy_tenant CASCADE")
    directory.changed()

    with override_settings(TENANT_SCHEMA_PREFIX="firm_"):
        provisioning.name_schemas()
        tenant = dispatch(
            OnboardTenant(slug="initech", name="Initech", owner_email="o@initech.example"), actor=operator
        )
        with activate(tenant.info):
            assert Company.objects.get().name == "Initech"
        assert tenant.schema_name == f"firm_{tenant.pk}"
        assert tenant.schema_name in schemas()
        with pytest.raises(DatabaseError, match="is not called tenant_"), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM tenancy_claim_spare('tenant_')")

    with pytest.raises(SchemaPrefixMismatch, match=tenant.schema_name):
        provisioning.name_schemas()


@pytest.mark.parametrize("by", ["default", "control"])
def test_the_runtime_cannot_choose_the_prefix(db, by):
    with pytest.raises(DatabaseError, match="permission denied"), connections[by].cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.tenancy_schema_prefix() RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$"
        )


@pytest.mark.parametrize(
    "prefix", ["spare_", "restoring_", "pg_temp", "Tenant_", "t1_", "a'; DROP", "bursar_", "x" * 31]
)
def test_a_reserved_prefix_is_refused(monkeypatch, prefix):
    monkeypatch.setenv("TENANT_SCHEMA_PREFIX", prefix)

    with pytest.raises(ValidationError, match="tenant_schema_prefix"):
        Environment()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenancy_spare SET schema_name = '{tenants}'",
        "DELETE FROM tenancy_spare",
        "ALTER SCHEMA {spares} RENAME TO tenant_99",
        "CREATE SCHEMA tenant_99",
    ],
)
def test_the_runtime_cannot_name_a_schema(acme, statement):
    spare = Spare.objects.order_by("id").first()

    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(tenants=acme.schema, spares=spare.schema_name))


@pytest.mark.physical_copy
@pytest.mark.parametrize(
    "change",
    ["schema_name = '{tenants}'", "schema_name = 'spare_0'", "role_name = '{roles}'", "id = {number}"],
)
def test_an_altered_spare_is_not_claimed(acme, change):
    """The next valid spare is claimed instead."""
    first, second = Spare.objects.order_by("id")[:2]
    assignment = change.format(tenants=acme.schema, roles=acme.role, number=acme.id)
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"UPDATE tenancy_spare SET {assignment} WHERE id = %s", [first.id])

    assert tenant_schemas.claim().id == second.id
    assert {acme.schema, first.schema_name} <= schemas()


@pytest.mark.physical_copy
def test_the_id_of_a_tenant_is_not_reused(db):
    """Also for a row that the runtime inserted."""
    first, second = Spare.objects.order_by("id")[:2]
    Tenant.objects.create(
        id=first.id, slug="made-up", name="Made up", schema_name=f"tenant_{first.id}", created_at=now()
    )

    assert tenant_schemas.claim().id == second.id
