"""The interface of django-tenants over `activate()`: contexts, the current tenant, and what is refused."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction
from django.test import RequestFactory
from django_tenants.utils import (
    get_public_schema_name,
    get_tenant,
    get_tenant_model,
    schema_context,
    tenant_context,
)

from apps.companies.models import Company
from apps.kernel.tenant import TenantSwitchInTransaction, activate, current_tenant
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.middleware import TenantMiddleware
from apps.tenancy.models import Tenant


def company() -> str:
    return Company.objects.get(code="MAIN").name


@pytest.fixture
def row(acme) -> Tenant:
    return Tenant.objects.get(slug="acme")


@pytest.mark.parametrize(
    "context",
    [
        lambda row: schema_context(row.schema_name),
        lambda row: tenant_context(row),
        lambda row: tenant_context(row.info),
    ],
    ids=["schema_context", "tenant_context", "tenant_context of a TenantInfo"],
)
def test_a_context_activates_the_tenant_for_its_block(row, context):
    with context(row):
        assert company() == "Acme Corporation"
        assert current_tenant() == row.info

    assert current_tenant() is None


def test_contexts_nest_and_return_to_the_tenant_before(acme, globex):
    with activate(acme):
        with schema_context(globex.schema):
            with schema_context(get_public_schema_name()):
                assert current_tenant() is None
            assert current_tenant() == globex
        assert current_tenant() == acme


def test_a_context_that_raises_returns_to_the_tenant_before(acme, globex):
    with activate(acme):
        with pytest.raises(LookupError), schema_context(globex.schema):
            raise LookupError
        assert current_tenant() == acme


def test_a_context_of_the_current_tenant_is_left_once(acme, globex):
    """`connection.tenant` is also what the library passes to the connection when a block ends."""
    with activate(acme):
        with tenant_context(connection.tenant):
            with schema_context(globex.schema):
                pass
            assert current_tenant() == acme
        assert current_tenant() == acme


def test_a_decorated_function_runs_as_its_tenant_in_each_thread(acme, globex):
    """The library keeps the tenant before in the decorator, which threads share."""
    seen, start = [], threading.Barrier(2)

    @schema_context(acme.schema)
    def name() -> str:
        start.wait(120)
        return company()

    def work(tenant) -> None:
        with activate(tenant):
            seen.append((name(), current_tenant()))
        connections.close_all()

    threads = [threading.Thread(target=work, args=(tenant,)) for tenant in (globex, None)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen, key=str) == [("Acme Corporation", None), ("Acme Corporation", globex)]


def test_a_context_works_in_a_thread_without_a_tenant(acme):
    seen = []

    def work() -> None:
        seen.append(connection.tenant)
        with schema_context(acme.schema):
            seen.append(company())
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [None, "Acme Corporation"]


def test_a_context_of_another_tenant_inside_a_transaction_is_refused(acme, globex):
    with activate(acme), transaction.atomic():
        with pytest.raises(TenantSwitchInTransaction), schema_context(globex.schema):
            pass
        with schema_context(acme.schema):
            assert company() == "Acme Corporation"


def test_a_context_of_an_unknown_schema_is_refused(acme):
    with pytest.raises(TenantUnknown, match="nobody"), schema_context("nobody"):
        pass

    assert current_tenant() is None


def test_a_context_of_a_connection_of_the_platform_is_refused(acme):
    with pytest.raises(RuntimeError, match="platform"), schema_context(acme.schema, database="control"):
        pass


@pytest.mark.parametrize("way", ["set_tenant", "set_schema", "set_schema_to_public"])
def test_a_tenant_without_an_end_is_refused_inside_a_context_too(row, way):
    arguments = {"set_tenant": [row], "set_schema": [row.schema_name], "set_schema_to_public": []}

    with tenant_context(row):
        with pytest.raises(RuntimeError, match="without an end"):
            getattr(connection, way)(*arguments[way])
        assert current_tenant() == row.info


def test_a_connection_shows_the_current_tenant(row):
    assert (connection.schema_name, connection.tenant.schema_name, connection.tenant.pk) == (
        "public",
        "public",
        None,
    )

    with activate(row.info):
        assert connection.schema_name == connection.tenant.schema_name == row.schema_name
        assert (connection.tenant.pk, connection.tenant.name) == (row.pk, row.name)
        assert connections["control"].schema_name == connections["control"].tenant.schema_name == "public"
        assert get_tenant_model().objects.get(schema_name=connection.schema_name) == row


def test_a_request_has_its_tenant(acme):
    seen = []

    def respond(request):
        seen.append(get_tenant(request))
        return

    for path in ("/t/acme/", "/"):
        TenantMiddleware(respond)(RequestFactory().get(path, headers={"host": "127.0.0.1"}))

    assert [tenant.schema_name for tenant in seen] == [acme.schema, "public"]
