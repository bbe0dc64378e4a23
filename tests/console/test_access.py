"""Every page of both consoles names its permission: the addresses are walked, so no new page can be forgotten."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver

from apps.console import hooks

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
OUTSIDE = ("accounts/", "api/", "files/", "healthz", "login/", "metrics", "support/")
"""A file is opened by a signed link, metrics are read with a token, and support comes in with a ticket."""


def addresses(urlconf: str) -> list[str]:
    return sorted(set(walk(import_module(urlconf).urlpatterns, "")))


def walk(patterns, before):
    for pattern in patterns:
        route = before + plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "(?P<url>" not in str(pattern.pattern):
            yield route


def plain(route: str) -> str:
    """An address that fits the pattern."""
    route = re.sub(r"<str:key>", "periods.reason_length", route)
    route = re.sub(r"<(?:int|path|str|slug):\w+>|<\w+>", "1", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    return re.sub(r"[\^$]|\\Z", "", route)


def guarded(urlconf: str) -> list[str]:
    return [each for each in addresses(urlconf) if not each.startswith(OUTSIDE)]


TENANT, OPERATOR = guarded("config.urls_tenant"), guarded("config.urls_operator")


def test_there_are_pages_to_walk():
    assert {"", "periods/", "ledger/entry/", "audit/record/", "periods/1/close/"} <= set(TENANT)
    assert {"", "tenancy/tenant/", "tenants/onboard/", "events/delivery/"} <= set(OPERATOR)


def test_whoever_has_no_role_sees_nothing(client_for, nobody):
    client = client_for(nobody)
    seen = {}
    for path in TENANT:
        answer = client.get(f"/t/acme/{path}")
        if path not in FOR_EVERYBODY_INSIDE:
            seen[path] = answer.status_code

    assert {path: status for path, status in seen.items() if status not in (302, 403, 404)} == {}
    assert all(
        seen[each] == 403 for each in ("periods/", "ledger/entry/", "audit/record/", "ledger/trial-balance/")
    )


def test_the_dashboard_of_whoever_has_no_role_is_empty(client_for, nobody):
    page = client_for(nobody).get("/t/acme/").content.decode()

    assert "You have no role here" in page
    assert "Latest in the audit trail" not in page


@pytest.mark.parametrize(("prefix", "paths"), [("/t/acme", TENANT), ("", OPERATOR)])
def test_nobody_comes_in_without_logging_in(acme, prefix, paths):
    client = Client()

    for path in paths:
        answer = client.get(f"{prefix}/{path}")
        assert answer.status_code in (302, 405), path
        if answer.status_code == 302 and path != "logout/":
            assert "login/" in answer.headers["location"], path


def test_a_tenants_owner_sees_every_page_of_his_console(client_for, owner):
    client = client_for(owner)

    statuses = {path: client.get(f"/t/acme/{path}").status_code for path in TENANT}

    untouchable = ("delete/", "add/", "autocomplete/")
    refused = [path for path, status in statuses.items() if status == 403 and not path.endswith(untouchable)]
    assert (refused, [path for path, status in statuses.items() if status >= 500]) == ([], [])


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
