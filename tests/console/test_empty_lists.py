"""A list without rows names what it would contain, and offers the page that creates the first row."""

from __future__ import annotations

import pytest
from django.utils.functional import Promise

from apps.console import hooks
from apps.console.sites import operator_site, tenant_site

ADMINS = [
    pytest.param(site.plane, admin, id=f"{site.plane} {model._meta.label_lower}")
    for site in (operator_site, tenant_site)
    for model, admin in site._registry.items()
    if model.__module__.startswith("apps.")
]
MESSAGE = "Orders of your customers appear here"


@pytest.mark.parametrize(("plane", "admin"), ADMINS)
def test_every_list_has_a_text_for_no_rows_and_an_existing_page_to_create_one(plane, admin):
    pages = {page.name for page in hooks.pages(plane)}

    assert isinstance(admin.empty_message, Promise)
    assert admin.creating_page == "" or admin.creating_page in pages


def orders(client, query=""):
    return client.get(f"/t/acme/sales/order/{query}").content.decode()


def test_an_empty_list_offers_the_page_that_creates_the_first_row(client_for, owner):
    page = orders(client_for(owner))

    assert MESSAGE in page
    assert '<a class="console-button" href="/t/acme/sales/new-order/"' in page


def test_an_empty_list_offers_nothing_without_the_permission(client_for, auditor):
    page = orders(client_for(auditor))

    assert MESSAGE in page
    assert 'console-button" href' not in page


@pytest.mark.parametrize("query", ["?q=none", "?state__exact=placed", "?customer__id__exact=7"])
def test_an_empty_list_with_filters_has_a_link_that_clears_them(client_for, owner, query):
    page = orders(client_for(owner), query)

    assert "No orders match these filters." in page
    assert '<a class="console-button" href="/t/acme/sales/order/"' in page
    assert MESSAGE not in page


def test_an_order_of_rows_is_no_filter(client_for, owner):
    assert MESSAGE in orders(client_for(owner), "?o=-1")
