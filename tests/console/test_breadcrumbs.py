"""The way from the dashboard to a page is derived from its address, the menu and the lists."""

from __future__ import annotations

import re
from html import unescape

from apps.bus import dispatch
from apps.console.sites import tenant_site
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account


def breadcrumbs_of(client, address):
    """Titles of the steps, each with its address."""
    page = client.get(address).content.decode()
    navigation = re.search(r'<nav class="console-breadcrumbs".*?</nav>', page, re.DOTALL)
    steps = re.findall(r'<li>(?:<a href="([^"]*)">)?([^<]*)', navigation[0]) if navigation else []
    return [(unescape(title), address) for address, title in steps]


def test_the_dashboard_has_no_breadcrumbs(client_for, owner):
    assert breadcrumbs_of(client_for(owner), "/t/acme/") == []


def test_a_page_of_the_menu_follows_its_group(client_for, owner):
    assert breadcrumbs_of(client_for(owner), "/t/acme/periods/") == [
        ("Dashboard", "/t/acme/"),
        ("Accounting", ""),
    ]


def test_a_command_of_a_row_follows_the_list_and_the_row(client_for, owner, acme):
    number = owner.pk
    assert breadcrumbs_of(client_for(owner), f"/t/acme/identity/users/{number}/roles/") == [
        ("Dashboard", "/t/acme/"),
        ("People", ""),
        ("Users", "/t/acme/identity/user/"),
        (str(owner), f"/t/acme/identity/user/{number}/change/"),
    ]


def test_a_page_that_creates_a_row_follows_its_list(client_for, owner):
    assert breadcrumbs_of(client_for(owner), "/t/acme/sales/add-customer/")[-1] == (
        "Customers",
        "/t/acme/sales/customer/",
    )


def test_a_page_below_one_of_the_menu_follows_that_one(client_for, owner):
    assert breadcrumbs_of(client_for(owner), "/t/acme/periods/add-fiscal-year/") == [
        ("Dashboard", "/t/acme/"),
        ("Accounting", ""),
        ("Periods", "/t/acme/periods/"),
    ]


def test_the_history_of_a_row_follows_the_row(client_for, owner, acme):
    with activate(acme):
        dispatch(OpenAccount(code="1500", name="Shelf", type="asset"), actor=System("The suite"))
        number = Account.objects.get(code="1500").pk

    assert breadcrumbs_of(client_for(owner), f"/t/acme/audit/versions/ledger.account/{number}/")[-2:] == [
        ("Accounts", "/t/acme/ledger/account/"),
        ("1500 Shelf", f"/t/acme/ledger/account/{number}/change/"),
    ]


def test_a_list_that_the_user_may_not_view_is_no_step(client_for, auditor, acme, monkeypatch):
    admin = next(admin for model, admin in tenant_site._registry.items() if model is Account)
    monkeypatch.setattr(type(admin), "has_view_permission", lambda *_: False)

    assert ("Accounts", "/t/acme/ledger/account/") not in breadcrumbs_of(
        client_for(auditor), "/t/acme/audit/versions/ledger.account/1/"
    )


def test_the_list_of_audit_records_is_the_audit_log_and_counts_records(client_for, owner):
    response = client_for(owner).get("/t/acme/audit/record/?q=nothing+has+this+text")
    page = " ".join(response.content.decode().split())

    assert "0 audit records" in page
    assert "No audit records match these filters." in page
    assert "<title> Audit log" in page or ">Audit log<" in page.replace("> ", ">").replace(" <", "<")
