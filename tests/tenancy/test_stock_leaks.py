"""Leaks of unmodified django-tenants that are impossible here. Those of threads, coroutines, tasks, poolers
and sessions are in other modules."""

from __future__ import annotations

import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections

from apps.kernel.tenant import activate
from apps.ledger.models import Account
from apps.tenancy.models import Tenant


def test_content_types_stay_cached_through_a_change_of_tenant(acme, globex, monkeypatch):
    """django-tenants clears the cache of the whole process with each change, so threads read each other's ids."""
    cleared = []
    monkeypatch.setattr(type(ContentType.objects), "clear_cache", lambda _: cleared.append(1))

    for tenant in (acme, globex, acme):
        with activate(tenant):
            ContentType.objects.get_for_model(Account)
            Account.objects.count()

    assert cleared == []


def test_content_types_are_the_same_in_all_threads(acme, globex):
    seen = set()

    def look(tenant):
        for _ in range(40):
            with activate(tenant):
                ContentType.objects.clear_cache()  # as bad as it can be
                seen.add(ContentType.objects.get_for_model(Account).pk)
        connections.close_all()

    threads = [threading.Thread(target=look, args=(tenant,)) for tenant in (acme, globex) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 1


@pytest.mark.parametrize(
    "way",
    [
        lambda tenant: tenant.__enter__(),
        lambda tenant: tenant.activate(),
        lambda tenant: Tenant.deactivate(),
        lambda tenant: connection.set_tenant(tenant),
    ],
    ids=["with tenant", "activate", "deactivate", "set_tenant"],
)
def test_the_librarys_functions_that_set_a_tenant_without_an_end_are_refused(acme, way):
    tenant = Tenant.objects.get(slug="acme")

    with pytest.raises(RuntimeError, match="activate"):
        way(tenant)

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        assert cursor.fetchone() == ("bursar_app", "public")


@pytest.mark.parametrize(
    "page", ["tenancy/tenant/", "tenancy/domain/", "billing/plan/", "databases/", "tenants/onboard/"]
)
def test_a_tenants_console_lists_no_other_customers(client_for, owner, page):
    """django-tenants serves one admin site to all: a tenant's owner reads the list of all customers."""
    assert client_for(owner).get(f"/t/acme/{page}").status_code == 404


@pytest.mark.parametrize("page", ["ledger/account/", "companies/company/", "periods/period/", "sales/order/"])
def test_the_operators_console_has_no_tenants_tables(client_for, operator, page):
    assert client_for(operator, None).get(f"/{page}").status_code == 404
