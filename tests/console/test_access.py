"""Every page of both consoles requires a permission. The tests open every URL, so that a new page is covered at
once."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.console import hooks
from tests.support.console_pages import OPERATOR, TENANT

WITHOUT_PERMISSION = {
    "",
    "search/",
    "jsi18n/",
    "password_change/",
    "address_change/",
    "address_change/withdraw/",
    "own_sessions/",
    "own_security_activity/",
    "logout/",
    "autocomplete/",
}
"""Pages without business data of their own: parts of the dashboard and hits of the palette have their own
permission."""


def test_the_list_of_urls_contains_known_pages():
    assert {"", "periods/", "ledger/entry/", "audit/record/", "periods/1/close/"} <= set(TENANT)
    assert {"", "tenancy/tenant/", "tenants/onboard/", "events/delivery/"} <= set(OPERATOR)


@pytest.mark.slow("opens every page")
def test_every_page_without_a_role_is_forbidden(client_for, user_without_role):
    client = client_for(user_without_role)
    statuses = {}
    for path in TENANT:
        response = client.get(f"/t/acme/{path}")
        if path not in WITHOUT_PERMISSION:
            statuses[path] = response.status_code

    assert {path: status for path, status in statuses.items() if status not in (302, 403, 404)} == {}
    assert all(
        statuses[path] == 403
        for path in ("periods/", "ledger/entry/", "audit/record/", "ledger/trial-balance/")
    )


def test_the_dashboard_without_a_role_is_empty(client_for, user_without_role):
    page = client_for(user_without_role).get("/t/acme/").content.decode()

    assert "You have no role here" in page
    assert "Latest in the audit log" not in page


@pytest.mark.parametrize(("prefix", "paths"), [("/t/acme", TENANT), ("", OPERATOR)])
def test_every_page_without_sign_in_redirects_to_the_sign_in_page(acme, prefix, paths):
    client = Client()

    for path in paths:
        response = client.get(f"{prefix}/{path}")
        assert response.status_code in (302, 405), path
        if response.status_code == 302 and path != "logout/":
            assert "login/" in response.headers["location"], path


@pytest.mark.slow("opens every page")
def test_an_owner_may_open_every_page_of_the_tenant_console(client_for, owner):
    client = client_for(owner)

    statuses = {path: client.get(f"/t/acme/{path}").status_code for path in TENANT}

    read_only = ("delete/", "add/", "autocomplete/")
    refused = [path for path, status in statuses.items() if status == 403 and not path.endswith(read_only)]
    assert (refused, [path for path, status in statuses.items() if status >= 500]) == ([], [])


@pytest.mark.slow("opens every page")
def test_an_operator_may_open_every_page_of_the_operator_console(client_for, operator):
    client = client_for(operator, None)

    statuses = {path: client.get(f"/{path}").status_code for path in OPERATOR}

    assert {path: status for path, status in statuses.items() if status >= 500} == {}


def test_an_operator_is_not_signed_in_to_a_tenant_console(client_for, operator, acme):
    client = client_for(operator, None)

    assert client.get("/t/acme/").status_code == 302


def test_pages_of_a_tenant_are_not_found_in_the_operator_console(client_for, operator):
    client = client_for(operator, None)

    for path in ("ledger/entry/", "periods/", "companies/company/"):
        assert client.get(f"/{path}").status_code == 404


def test_every_plugged_part_names_a_permission():
    parts = [part for plane in hooks.PLANES for part in hooks._parts[plane]]

    assert len(parts) > 20
    assert [part for part in parts if "." not in part.permission] == []
