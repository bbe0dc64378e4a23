"""A move is asked for at the console and over the API; where it cannot be made, both say where it can."""

import shlex

import pytest

from apps.audit.models import Record
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import importing
from tests.support.settling import settle

WHY = "There's more room."
LINE = f"manage.py tenant move acme --to east --reason {shlex.quote(WHY)}"


def lies_in(tenant):
    return Tenant.objects.get(pk=tenant.id).database


@pytest.mark.physical_copy
def test_at_the_console(acme, east, operator, client_for):
    with activate(None):
        settle()
    client = client_for(operator, None)
    page = f"/tenants/{acme.id}/move/"
    assert page in client.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()

    asked = client.get(page).content.decode()
    assert "this console, while you wait" in asked
    assert '<option value="east">' in asked
    assert '<option value="home">' not in asked

    preview = client.post(page, {"database": east, "reason": WHY, "preview": ""}).content.decode()
    assert "rows in" in preview
    assert "Read only for about" in preview
    assert lies_in(acme) == "home"

    response = client.post(page, {"database": east, "reason": WHY}, follow=True).content.decode()
    assert "Acme Corporation works in east." in response
    assert (lies_in(acme), Record.objects.get(command="operations.move_tenant").reason) == (east, WHY)


def test_a_console_that_is_not_the_owner_says_the_line_to_type(acme, east, operator, client_for, monkeypatch):
    monkeypatch.setattr(importing, "owned", list)
    client = client_for(operator, None)
    page = f"/tenants/{acme.id}/move/"

    asked = client.get(page)
    assert "the command line, where the owner&#x27;s addresses are" in asked.content.decode()
    assert "manage.py tenant move acme --to east" in asked.content.decode()

    preview = client.post(page, {"database": east, "reason": WHY, "preview": ""})
    assert dict(preview.context["facts"])["Type there"] == LINE

    response = client.post(page, {"database": east, "reason": WHY})
    assert response.status_code == 409
    assert str(response.context["refusals"][0]).endswith(f"run: {LINE}")
    assert (lies_in(acme), Tenant.objects.get(pk=acme.id).mode) == ("home", "normal")


def test_so_does_the_api(acme, east, operator, client_for, monkeypatch):
    monkeypatch.setattr(importing, "owned", list)
    at = f"/api/v1/operations/tenants/{acme.id}/move/"
    asked = {"database": east, "reason": WHY}
    client = client_for(operator, None)

    response = client.post(at, asked, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (409, "operations.moved_elsewhere")
    assert response.json()["detail"].endswith(f"run: {LINE}")

    dry_run = client.post(f"{at}?dry_run=true", asked, content_type="application/json").json()
    assert [each["code"] for each in dry_run["refusals"]] == ["operations.moved_elsewhere"]


def test_with_one_database_nobody_is_asked(acme, operator, client_for):
    client = client_for(operator, None)

    assert (
        f"/tenants/{acme.id}/move/" not in client.get(f"/tenancy/tenant/{acme.id}/change/").content.decode()
    )
    assert client.get(f"/tenants/{acme.id}/move/").status_code == 200
