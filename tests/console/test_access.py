"""Every page of both consoles names its permission: the addresses are walked, so no new page can be forgotten."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.console import hooks
from tests.support.console_pages import OPERATOR, TENANT

FOR_EVERYBODY_INSIDE = {
    "",
    "search/",
    "jsi18n/",
    "password_change/",
    "password_change/done/",
    "logout/",
    "autocomplete/",
}
"""What shows nothing of the business by itself: the dashboard's parts and the palette's finds ask for themselves."""


def test_there_are_pages_to_walk():
    assert {"", "periods/", "ledger/entry/", "audit/record/", "periods/1/close/"} <= set(TENANT)
    assert {"", "tenancy/tenant/", "tenants/onboard/", "events/delivery/"} <= set(OPERATOR)


@pytest.mark.slow("opens every page")
def test_whoever_has_no_role_sees_nothing(client_for, nobody):
    client = client_for(nobody)
    seen = {}
    for path in TENANT:
        response = client.get(f"/t/acme/{path}")
        if path not in FOR_EVERYBODY_INSIDE:
            seen[path] = response.status_code

    assert {path: status for path, status in seen.items() if status not in (302, 403, 404)} == {}
    assert all(
        seen[each] == 403 for each in ("periods/", "ledger/entry/", "audit/record/", "ledger/trial-balance/")
    )


def test_the_dashboard_of_whoever_has_no_role_is_empty(client_for, nobody):
    page = client_for(nobody).get("/t/acme/").content.decode()

    assert "You have no role here" in page
    assert "Latest in the audit log" not in page


@pytest.mark.parametrize(("prefix", "paths"), [("/t/acme", TENANT), ("", OPERATOR)])
def test_nobody_comes_in_without_logging_in(acme, prefix, paths):
    client = Client()

    for path in paths:
        response = client.get(f"{prefix}/{path}")
        assert response.status_code in (302, 405), path
        if response.status_code == 302 and path != "logout/":
            assert "login/" in response.headers["location"], path


@pytest.mark.slow("opens every page")
def test_a_tenants_owner_sees_every_page_of_his_console(client_for, owner):
    client = client_for(owner)

    statuses = {path: client.get(f"/t/acme/{path}").status_code for path in TENANT}

    untouchable = ("delete/", "add/", "autocomplete/")
    refused = [path for path, status in statuses.items() if status == 403 and not path.endswith(untouchable)]
    assert (refused, [path for path, status in statuses.items() if status >= 500]) == ([], [])


@pytest.mark.slow("opens every page")
def test_the_operator_sees_every_page_of_his(client_for, operator):
    client = client_for(operator, None)

    statuses = {path: client.get(f"/{path}").status_code for path in OPERATOR}

    assert {path: status for path, status in statuses.items() if status >= 500} == {}


def test_an_operator_is_nobody_in_a_tenants_console(client_for, operator, acme):
    client = client_for(operator, None)

    assert client.get("/t/acme/").status_code == 302


def test_a_tenants_pages_are_not_at_the_operators_console(client_for, operator):
    client = client_for(operator, None)

    for path in ("ledger/entry/", "periods/", "companies/company/"):
        assert client.get(f"/{path}").status_code == 404


def test_every_part_that_is_plugged_in_names_a_permission():
    parts = [part for plane in hooks.PLANES for part in hooks._parts[plane]]

    assert len(parts) > 20
    assert [part for part in parts if "." not in part.permission] == []
