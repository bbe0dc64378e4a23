"""A tenant's turns at each door: the command line, the API and the console do the same, and refuse the same."""

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


def test_at_the_command_line(acme):
    for verb, state in (
        ("suspend", "suspended"),
        ("activate", "active"),
        ("archive", "archived"),
        ("erase", "deleting"),
        ("cancel-erasure", "archived"),
    ):
        before = state_of(acme)
        said = json.loads(shell(verb, "acme", "--reason", WHY, "--dry-run", "--json"))
        assert (said["dry_run"], state_of(acme)) == (True, before)

        shell(verb, "acme", "--reason", WHY)
        assert state_of(acme) == state, verb

    journeys = json.loads(shell("progress", "acme", "--json"))["journeys"]
    assert [(journey["saga"].removeprefix("operations."), journey["state"]) for journey in journeys[:4]] == [
        ("erase_tenant", "compensated"),
        ("archive_tenant", "done"),
        ("activate_tenant", "done"),
        ("suspend_tenant", "done"),
    ]
    assert journeys[1]["progress"] == 100
    assert "100 %" in shell("progress", "acme")


def test_what_would_go_is_said_before_it_is_queued(acme):
    shell("archive", "acme", "--reason", WHY)

    has = json.loads(shell("erase", "acme", "--reason", WHY, "--dry-run", "--json"))

    assert has["rows"] > 100
    assert has["tables"] > 50
    assert f"{has['rows']:,} rows" in shell("erase", "acme", "--reason", WHY, "--dry-run")


@pytest.mark.parametrize(
    "words",
    [
        ("activate", "acme", "--reason", WHY),
        ("erase", "acme", "--reason", WHY, "--dry-run"),
        ("cancel-erasure", "acme", "--reason", WHY),
        ("suspend", "acme", "--reason", " "),
        ("suspend", "nobody", "--reason", WHY),
    ],
)
def test_a_refusal_is_exit_code_3(acme, words):
    with pytest.raises(SystemExit) as stopped:
        shell(*words)

    assert stopped.value.code == 3
    assert state_of(acme) == "active"


def test_nobody_came_back_who_was_erased(acme):
    assert "Nobody came back" in shell("reapply-erasures", "--dry-run")


def test_over_the_api(acme, operator, client_for):
    client = client_for(operator, None)
    at = f"/api/v1/operations/tenants/{acme.id}/"

    def ask(turn, **query):
        words = "?dry_run=true" if query.get("dry_run") else ""
        return client.post(f"{at}{turn}/{words}", {"reason": WHY}, content_type="application/json")

    for turn, status, state in (
        ("suspend", 200, "suspended"),
        ("activate", 200, "active"),
        ("archive", 200, "archived"),
        ("erase", 202, "deleting"),
        ("cancel-erasure", 200, "archived"),
    ):
        before = state_of(acme)
        assert ask(turn, dry_run=True).json() == {"would_be_done": True, "refusals": []}, turn
        assert state_of(acme) == before

        response = ask(turn)
        assert (response.status_code, response.json()["state"]) == (status, state), turn

    assert ask("erase", dry_run=True).json()["would_be_done"]
    assert ask("cancel-erasure").json()["code"] == "operations.not_queued_for_deletion"
    assert client.get(f"{at}belongings/").json()["rows"] > 100
    (last, *_) = client.get(f"{at}journeys/").json()
    assert (last["saga"], last["state"]) == ("operations.erase_tenant", "compensated")
    assert Record.objects.get(command="operations.archive_tenant").reason == WHY


@pytest.mark.parametrize("turn", ["suspend", "activate", "archive", "erase", "cancel-erasure", "move"])
def test_a_tenants_owner_finds_none_of_it(acme, owner, client_for, turn):
    client = client_for(owner)

    assert client.get(f"/t/acme/tenants/{acme.id}/{turn}/").status_code == 404
    assert client.post(f"/t/acme/api/v1/operations/tenants/{acme.id}/{turn}/").status_code == 404


def test_at_the_console(acme, operator, client_for):
    client = client_for(operator, None)
    row = f"/tenancy/tenant/{acme.id}/change/"

    def offered():
        page = client.get(row).content.decode()
        turns = ("suspend", "activate", "archive", "erase", "cancel-erasure")
        return {turn for turn in turns if f"/tenants/{acme.id}/{turn}/" in page}

    def do(turn):
        return client.post(f"/tenants/{acme.id}/{turn}/", {"reason": WHY}, follow=True).content.decode()

    assert offered() == {"suspend", "archive"}
    assert "are shut out at once" in client.get(f"/tenants/{acme.id}/suspend/").content.decode()
    assert "Acme Corporation is suspended" in do("suspend")
    assert offered() == {"activate", "archive", "erase"}
    assert "Acme Corporation is active" in do("activate")
    assert "cannot become: active" in client.get(f"/tenants/{acme.id}/activate/").content.decode()
    assert "Acme Corporation is archived" in do("archive")
    assert offered() == {"activate", "erase"}

    preview = client.post(f"/tenants/{acme.id}/erase/", {"reason": WHY, "preview": ""}).content.decode()
    assert "rows in" in preview
    assert state_of(acme) == "archived"
    assert "queued for deletion" in do("erase")
    assert offered() == {"cancel-erasure"}
    assert "Acme Corporation is archived" in do("cancel-erasure")


def test_a_preview_counts_what_would_become_of_it(acme, owner, user_without_role, operator, client_for):
    """One of its people is signed in over the API, and nobody was told yet of its new account."""
    with activate(acme):
        people, administrators = (
            User.objects.filter(is_active=True).count(),
            User.objects.administrators().count(),
        )
        dispatch(
            BeginSession(user_id=user_without_role.pk, epoch=user_without_role.epoch),
            actor=System("The suite"),
        )
        dispatch(OpenAccount(code="1999", name="Safe", type="asset"), actor=owner)
    client = client_for(operator, None)

    def preview(turn):
        shown = client.post(f"/tenants/{acme.id}/{turn}/", {"reason": WHY, "preview": ""})
        return dict(shown.context["facts"])

    said = preview("suspend")
    assert administrators == 1
    assert said["People"].startswith(f"{people - 1} of {people} are shut out; 1 administrator")
    assert said["Signed in over the API"].startswith("1 session,")
    waiting = said["Waits until it is active again"]
    assert not waiting.startswith("0 deliveries")
    assert "0 messages to webhooks" in waiting
    assert ", 0 kinds" not in waiting
    assert said["Set aside of its audit log"].startswith("0 audit records")
    assert said["Is told by letter"] == "owner@acme.example"
    assert state_of(acme) == "active"

    client.post(f"/tenants/{acme.id}/suspend/", {"reason": WHY})
    assert preview("archive")["People"].startswith("are shut out already; 1 administrator")
    back = preview("activate")
    assert (back["People"], back["Goes on"]) == (f"{people} can sign in", waiting)


def test_at_the_console_it_needs_a_reason(acme, operator, client_for):
    response = client_for(operator, None).post(f"/tenants/{acme.id}/suspend/", {"reason": ""})

    assert response.status_code == 200
    assert "This field is required" in response.content.decode()
    assert state_of(acme) == "active"
