"""Moves by console and API; without the owner role both refuse with the command line to use."""

import shlex

import pytest

from apps.audit.models import Record
from apps.backups import queries as backups
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant
from tests.support.settling import settle

WHY = "There's more capacity."
COMMAND = f"manage.py tenant move acme --to east --reason {shlex.quote(WHY)}"


def database_of(tenant):
    return Tenant.objects.get(pk=tenant.id).database


@pytest.mark.physical_copy
def test_a_move_by_console(acme, east, operator, client_for):
    with activate(None):
        settle()
    client = client_for(operator, None)
    page = f"/tenants/{acme.id}/move/"
    assert page in client.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()

    content = client.get(page).content.decode()
    assert "this console; its progress" in content
    assert '<option value="east">' in content
    assert '<option value="home">' not in content

    preview = client.post(page, {"database": east, "reason": WHY, "preview": ""}).content.decode()
    assert "rows in" in preview
    assert "Read only for about" in preview
    assert database_of(acme) == "home"

    response = client.post(page, {"database": east, "reason": WHY}, follow=True).content.decode()
    assert "Acme Corporation works in east." in response
    assert (database_of(acme), Record.objects.get(command="operations.move_tenant").reason) == (east, WHY)


def test_a_console_without_the_owner_role_shows_the_command(acme, east, operator, client_for, monkeypatch):
    monkeypatch.setattr(backups, "owned_databases", list)
    client = client_for(operator, None)
    page = f"/tenants/{acme.id}/move/"

    response = client.get(page)
    assert "the command line, where DATABASE_OWNER_URL is set" in response.content.decode()
    assert "manage.py tenant move acme --to east" in response.content.decode()

    preview = client.post(page, {"database": east, "reason": WHY, "preview": ""})
    assert dict(preview.context["facts"])["Command"] == COMMAND

    response = client.post(page, {"database": east, "reason": WHY})
    assert response.status_code == 409
    assert str(response.context["refusals"][0]).endswith(f"are set: {COMMAND}")
    assert (database_of(acme), Tenant.objects.get(pk=acme.id).mode) == ("home", "normal")


def test_an_api_without_the_owner_role_returns_the_command(acme, east, operator, client_for, monkeypatch):
    monkeypatch.setattr(backups, "owned_databases", list)
    at = f"/api/v1/operations/tenants/{acme.id}/move/"
    payload = {"database": east, "reason": WHY}
    client = client_for(operator, None)

    response = client.post(at, payload, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "operations.owner_credentials_needed")
    assert response.json()["detail"].endswith(f"are set: {COMMAND}")

    dry_run = client.post(f"{at}?dry_run=true", payload, content_type="application/json").json()
    assert [refusal["code"] for refusal in dry_run["refusals"]] == ["operations.owner_credentials_needed"]


def test_with_one_database_the_move_is_not_offered(acme, operator, client_for):
    client = client_for(operator, None)

    assert (
        f"/tenants/{acme.id}/move/" not in client.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()
    )
    assert client.get(f"/tenants/{acme.id}/move/").status_code == 200
