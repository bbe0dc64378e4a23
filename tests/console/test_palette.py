"""The palette (Ctrl+K) finds rows that the user may view, of the current tenant only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.console import hooks
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from tests.support.settling import settle
from tests.support.shop import ordered

SUITE = System("The suite")


@pytest.fixture
def shelves(acme, globex):
    """An account of the same code in both tenants, with different names."""
    for tenant in (acme, globex):
        with activate(tenant):
            dispatch(OpenAccount(code="1500", name=f"Shelf of {tenant.name}", type="asset"), actor=SUITE)


def find(client, tenant, term="shelf"):
    return client.get(f"/t/{tenant}/search/?s={term}&extended=1").content.decode()


def test_users_with_the_same_id_in_two_tenants_find_rows_of_their_own_tenant(
    shelves, client_for, owner, acme, globex
):
    from apps.identity.models import User

    with activate(globex):
        twin = User.objects.get(email="owner@globex.example")
    assert twin.pk == owner.pk

    at_acme = find(client_for(owner), "acme")
    at_globex = find(client_for(twin, globex), "globex")

    assert "Shelf of Acme Corporation" in at_acme
    assert "Globex" not in at_acme
    assert "Shelf of Globex" in at_globex
    assert "Acme" not in at_globex


def test_accounts_without_the_permission_are_not_found(shelves, client_for, user_without_role):
    assert "Shelf" not in find(client_for(user_without_role), "acme")


def test_the_number_of_hits_is_limited(acme, client_for, owner):
    with activate(acme):
        for number in range(30):
            dispatch(OpenAccount(code=f"16{number:02}", name=f"Shelf {number}", type="asset"), actor=SUITE)

    assert find(client_for(owner), "acme").count("Shelf ") <= 2 * 8


def test_hits_end_with_the_permission_to_see_them(shelves, client_for, owner, acme):
    client = client_for(owner)
    assert "Shelf of Acme Corporation" in find(client, "acme")

    with activate(acme):
        owner.groups.clear()
        owner.change_roles([])

    assert "Shelf of" not in find(client, "acme")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("s=shelf&extended=1&page=abc", 400),
        ("s=%F0%9F%8E%81&extended=1", 200),
        ("s=shelf&page=99", 200),
        ("s=", 200),
    ],
)
def test_an_odd_search_has_a_page_or_a_refusal(shelves, client_for, owner, query, status):
    assert client_for(owner).get(f"/t/acme/search/?{query}").status_code == status


@pytest.fixture
def order(shop, accountant):
    """Of HOOLI, for 6.50 USD, with its payment, invoice and entries."""
    order = dispatch(ordered(), actor=accountant)
    settle()
    return order


KINDS = (
    "Order · Hooli Inc. · 6.50 USD",
    "Invoice · Hooli Inc. · 6.50 USD",
    "Payment · Hooli Inc. · 6.50 USD",
)


def test_documents_are_found_by_number_customer_and_amount(order, client_for, accountant):
    client = client_for(accountant)
    expected = {
        "hooli 6.50": KINDS,
        "HOOLI": (*KINDS, "Customer · ap@hooli.example"),
        f"so-{order.pk}": KINDS,
        "inv 1": KINDS[1:2],
        "p-1": KINDS[2:],
        "1,000.00": (),
    }

    for term, kinds in expected.items():
        page = find(client, "acme", term)
        assert [kind for kind in (*KINDS, "Customer · ap@hooli.example") if kind in page] == [*kinds], term
    assert "Entry of" in find(client, "acme", "6.50")
    assert "Item" in find(client, "acme", "bolt")


def test_a_customer_that_the_user_may_not_view_reveals_no_payment(order, client_for, accountant, acme):
    with activate(acme):
        accountant.groups.clear()
        accountant.user_permissions.set(Permission.objects.filter(codename="view_payment"))
    client = client_for(accountant)

    assert "P-1" not in find(client, "acme", "hooli")
    page = find(client, "acme", "p-1")
    assert "P-1" in page
    assert "Hooli" not in page


def test_a_kind_takes_two_queries_at_most(order, accountant):
    for part in hooks.searches("tenant"):
        if isinstance(part, hooks.RowSearch):
            with CaptureQueriesContext(connection) as queries:
                rows = part.search.exact_first(part.search.rows(part.rows(), "1", lambda _: True), "1")
                part.hits(list(rows[:8]), lambda _: True)
            assert len(queries) <= 2, part
