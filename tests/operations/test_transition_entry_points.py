"""Transitions of a tenant by command line, API and console."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from apps.audit.models import Record
from apps.bus import dispatch
from apps.identity.commands import BeginSession
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.tenancy.models import Tenant

WHY = "As agreed on the phone."


def shell(*words):
    out = StringIO()
    call_command("tenant", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def state_of(tenant):
    return Tenant.objects.get(pk=tenant.id).state


def test_transitions_by_command_line(acme):
    for verb, state in (
        ("suspend", "suspended"),
        ("activate", "active"),
        ("archive", "archived"),
        ("erase", "deleting"),
        ("cancel-erasure", "archived"),
    ):
        before = state_of(acme)
        dry_run = json.loads(shell(verb, "acme", "--reason", WHY, "--dry-run", "--json"))
        assert (dry_run["dry_run"], state_of(acme)) == (True, before)

        shell(verb, "acme", "--reason", WHY)
        assert state_of(acme) == state, verb

    runs = json.loads(shell("progress", "acme", "--json"))["saga_runs"]
    assert [(run["saga"].removeprefix("operations."), run["state"]) for run in runs[:4]] == [
        ("erase_tenant", "compensated"),
        ("archive_tenant", "done"),
        ("activate_tenant", "done"),
        ("suspend_tenant", "done"),
    ]
    assert runs[1]["progress"] == 100
    assert "100 %" in shell("progress", "acme")


def test_a_dry_run_of_an_erasure_reports_the_footprint(acme):
    shell("archive", "acme", "--reason", WHY)

    footprint = json.loads(shell("erase", "acme", "--reason", WHY, "--dry-run", "--json"))

    assert footprint["rows"] > 100
    assert footprint["tables"] > 50
    assert f"{footprint['rows']:,} rows" in shell("erase", "acme", "--reason", WHY, "--dry-run")


@pytest.mark.parametrize(
    "words",
    [
        ("activate", "acme", "--reason", WHY),
        ("erase", "acme", "--reason", WHY, "--dry-run"),
        ("cancel-erasure", "acme", "--reason", WHY),
        ("suspend", "acme", "--reason", " "),
        ("suspend", "unknown", "--reason", WHY),
    ],
)
def test_a_refused_verb_exits_with_code_3(acme, words):
    with pytest.raises(SystemExit) as stopped:
        shell(*words)

    assert stopped.value.code == 3
    assert state_of(acme) == "active"


def test_reapplying_erasures_without_restored_tenants_does_nothing(acme):
    assert "No erased tenant was restored" in shell("reapply-erasures", "--dry-run")


def test_transitions_by_api(acme, operator, client_for):
    client = client_for(operator, None)
    at = f"/api/v1/operations/tenants/{acme.id}/"

    def post(transition, **query):
        words = "?dry_run=true" if query.get("dry_run") else ""
        return client.post(f"{at}{transition}/{words}", {"reason": WHY}, content_type="application/json")

    for transition, status, state in (
        ("suspend", 200, "suspended"),
        ("activate", 200, "active"),
        ("archive", 200, "archived"),
        ("erase", 202, "deleting"),
        ("cancel-erasure", 200, "archived"),
    ):
        before = state_of(acme)
        assert post(transition, dry_run=True).json() == {"would_be_done": True, "refusals": []}, transition
        assert state_of(acme) == before

        response = post(transition)
        assert (response.status_code, response.json()["state"]) == (status, state), transition

    assert post("erase", dry_run=True).json()["would_be_done"]
    assert post("cancel-erasure").json()["code"] == "operations.not_queued_for_deletion"
    assert client.get(f"{at}footprint/").json()["rows"] > 100
    (last, *_) = client.get(f"{at}sagas/").json()
    assert (last["saga"], last["state"]) == ("operations.erase_tenant", "compensated")
    assert Record.objects.get(command="operations.archive_tenant").reason == WHY


@pytest.mark.parametrize("transition", ["suspend", "activate", "archive", "erase", "cancel-erasure", "move"])
def test_transitions_are_hidden_from_the_owner_of_a_tenant(acme, owner, client_for, transition):
    client = client_for(owner)

    assert client.get(f"/t/acme/tenants/{acme.id}/{transition}/").status_code == 404
    assert client.post(f"/t/acme/api/v1/operations/tenants/{acme.id}/{transition}/").status_code == 404


def test_transitions_by_console(acme, operator, client_for):
    client = client_for(operator, None)
    row = f"/tenancy/tenant/{acme.id}/change/"

    def offered():
        page = client.get(row).content.decode()
        transitions = ("suspend", "activate", "archive", "erase", "cancel-erasure")
        return {transition for transition in transitions if f"/tenants/{acme.id}/{transition}/" in page}

    def submit(transition):
        return client.post(f"/tenants/{acme.id}/{transition}/", {"reason": WHY}, follow=True).content.decode()

    assert offered() == {"suspend", "archive"}
    assert "lose access at once" in client.get(f"/tenants/{acme.id}/suspend/").content.decode()
    assert "Acme Corporation is suspended" in submit("suspend")
    assert offered() == {"activate", "archive", "erase"}
    assert "Acme Corporation is active" in submit("activate")
    assert "cannot become: active" in client.get(f"/tenants/{acme.id}/activate/").content.decode()
    assert "Acme Corporation is archived" in submit("archive")
    assert offered() == {"activate", "erase"}

    preview = client.post(f"/tenants/{acme.id}/erase/", {"reason": WHY, "preview": ""}).content.decode()
    assert "rows in" in preview
    assert state_of(acme) == "archived"
    assert "queued for deletion" in submit("erase")
    assert offered() == {"cancel-erasure"}
    assert "Acme Corporation is archived" in submit("cancel-erasure")


def test_the_preview_of_a_transition_shows_figures(acme, owner, user_without_role, operator, client_for):
    """With one API session and pending deliveries."""
    with activate(acme):
        users, administrators = (
            User.objects.filter(is_active=True).count(),
            User.objects.administrators().count(),
        )
        dispatch(
            BeginSession(user_id=user_without_role.pk, epoch=user_without_role.epoch),
            actor=System("The suite"),
        )
        dispatch(OpenAccount(code="1999", name="Safe", type="asset"), actor=owner)
    client = client_for(operator, None)

    def preview(transition):
        response = client.post(f"/tenants/{acme.id}/{transition}/", {"reason": WHY, "preview": ""})
        return dict(response.context["facts"])

    facts = preview("suspend")
    assert administrators == 1
    assert facts["Users"].startswith(f"{users - 1} of {users} lose access; 1 administrator")
    assert facts["API sessions"].startswith("1 session,")
    pending = facts["Paused until activation"]
    assert not pending.startswith("0 deliveries")
    assert "0 webhook messages" in pending
    assert ", 0 scheduled" not in pending
    assert facts["Moved to cold storage"].startswith("0 audit records")
    assert facts["Notified by e-mail"] == "owner@acme.example"
    assert state_of(acme) == "active"

    client.post(f"/tenants/{acme.id}/suspend/", {"reason": WHY})
    assert preview("archive")["Users"].startswith("have no access already; 1 administrator")
    facts = preview("activate")
    assert (facts["Users"], facts["Resumed"]) == (f"{users} can sign in", pending)


def test_a_transition_without_a_reason_is_refused_by_the_console(acme, operator, client_for):
    response = client_for(operator, None).post(f"/tenants/{acme.id}/suspend/", {"reason": ""})

    assert response.status_code == 200
    assert "This field is required" in response.content.decode()
    assert state_of(acme) == "active"
