"""Databases at the operator's console and on the command line."""

from __future__ import annotations

import json

from django.core.management import call_command

from apps.audit.models import Record
from apps.tenancy.models import Database, Tenant
from tests.support.console_pages import edit


def test_the_page_shows_placement(client_for, operator, initech):
    page = client_for(operator, None).get("/databases/").content.decode()

    assert "east" in page
    assert "home" in page
    assert "no replica" in page


def test_a_database_is_changed_with_a_reason(client_for, operator):
    client = client_for(operator, None)
    assert "300" in client.get("/databases/home/").content.decode()

    response = edit(
        client,
        "/databases/home/",
        {"capacity": "5", "region": "eu", "accepts_new": "no", "reason": "it is old"},
    )

    assert response.status_code == 302
    home = Database.objects.get(key="home")
    assert (home.capacity, home.region, home.accepts_new) == (5, "eu", False)
    assert Record.objects.get(command="tenancy.change_database").reason == "it is old"


def test_an_unknown_database_has_no_page(client_for, operator):
    assert client_for(operator, None).get("/databases/west/").status_code == 404


def test_a_tenant_is_pinned_and_unpinned(client_for, operator, acme):
    client = client_for(operator, None)

    client.post(f"/tenants/{acme.id}/pin/", {"reason": "its own machine"})
    assert Tenant.objects.get(pk=acme.id).pinned

    client.post(f"/tenants/{acme.id}/unpin/", {"reason": "no longer"})
    assert not Tenant.objects.get(pk=acme.id).pinned


def test_the_command_shows_the_same_status(initech, capsys):
    call_command("databases", json=True)

    home, east = json.loads(capsys.readouterr().out)["databases"]
    assert (home["key"], home["tenants"]) == ("home", 2)
    assert (east["key"], east["tenants"], east["free_capacity"]) == ("east", 1, 299)


def test_the_command_changes_a_database(db, capsys):
    call_command("databases", "home", capacity=7, close=True, reason="full of mice")

    assert "closed" in capsys.readouterr().out
    assert Database.objects.get(key="home").capacity == 7
