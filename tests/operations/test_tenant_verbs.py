"""`manage.py tenant list | show | mode`, and the same over the API and at the console."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.audit.models import Record
from apps.bus import dispatch
from apps.tenancy.commands import SetTenantArchived
from apps.tenancy.models import Tenant
from tests.support.forms import hidden_inputs


def tenant(*arguments):
    out = StringIO()
    call_command("tenant", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def mode_of(info):
    return Tenant.objects.get(pk=info.id).mode


def test_the_list_shows_the_status_of_each_tenant(acme, globex, operator):
    dispatch(SetTenantArchived(tenant_id=globex.id, reason="Left."), actor=operator)

    output = json.loads(tenant("list", "--json"))
    assert [(row["slug"], row["state"]) for row in output["tenants"]] == [
        ("acme", "active"),
        ("globex", "archived"),
    ]
    assert "globex" in tenant("list", "--state", "archived")
    assert "acme" not in tenant("list", "--state", "archived")


def test_the_availability_of_a_tenant_is_shown(acme, operator):
    dispatch(SetTenantArchived(tenant_id=acme.id, reason="Left."), actor=operator)

    text, output = tenant("show", "acme"), json.loads(tenant("show", "acme", "--json"))

    assert "Available    read, sign in, plan; administrators only" in text
    assert "Reason       Left." in text
    assert output["availability"]["reads"]
    assert not output["availability"]["writes"]


def test_a_change_of_the_mode_is_audited(acme):
    assert "would be accepted" in tenant("mode", "acme", "read_only", "--reason", "We copy it.", "--dry-run")
    assert mode_of(acme) == "normal"

    assert "active, read only" in tenant("mode", "acme", "read_only", "--reason", "We copy it.")
    assert mode_of(acme) == "read_only"
    assert Record.objects.get(command="tenancy.set_mode").reason == "We copy it."


def test_an_unknown_tenant_is_refused(db):
    with pytest.raises(SystemExit) as stopped:
        tenant("show", "unknown")
    assert stopped.value.code == 3


def test_a_change_of_the_mode_by_api(acme, operator, client_for):
    client = client_for(operator, None)
    path = f"/api/v1/tenancy/tenants/{acme.id}/mode/"
    payload = {"mode": "maintenance", "reason": "We work on it."}

    dry_run = client.post(path + "?dry_run=true", payload, content_type="application/json")
    assert dry_run.json()["would_be_done"]
    assert mode_of(acme) == "normal"

    response = client.post(path, payload, content_type="application/json")
    assert (response.status_code, response.json()["mode"]) == (200, "maintenance")
    wrong = client.post(
        path, {"mode": "sleeping", "reason": "We work on it."}, content_type="application/json"
    )
    assert wrong.status_code == 422


def test_a_change_of_the_mode_by_console(acme, operator, client_for):
    client = client_for(operator, None)
    page = f"/tenants/{acme.id}/mode/"
    payload = {"mode": "read_only", "reason": "We copy it."}

    preview = client.post(page, payload | {"preview": ""}).content.decode()
    assert "changes, workers, scheduled tasks, webhooks" in preview
    assert mode_of(acme) == "normal"

    response = client.post(page, hidden_inputs(client, page) | payload)
    assert response.status_code == 302
    assert mode_of(acme) == "read_only"
    assert f"/tenants/{acme.id}/mode/" in client.get(response.headers["location"]).content.decode()
