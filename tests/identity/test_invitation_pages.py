"""Invitations in both consoles and over the API."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from apps.bus import dispatch
from apps.identity.commands import InviteUser
from apps.identity.models import Invitation
from apps.kernel.tenant import activate

FORM = {"email": "ada@acme.example", "name": "Ada", "role": "accountant"}


@pytest.fixture
def invitation(acme, owner) -> Invitation:
    with activate(acme):
        return dispatch(InviteUser(**FORM), actor=owner)


def test_an_owner_resends_and_revokes_an_invitation_in_the_console(client_for, owner, acme):
    client = client_for(owner)
    page = client.post("/t/acme/identity/invite/", FORM, follow=True).content.decode()
    assert "Ada is invited: a link is sent to ada@acme.example." in page
    with activate(acme):
        invitation = Invitation.objects.get(email="ada@acme.example")
    base = f"/t/acme/identity/invitations/{invitation.pk}"
    assert f"{base}/resend/" in page

    resent = client.post(f"{base}/resend/", {}, follow=True).content.decode()
    revoked = client.post(f"{base}/revoke/", {}, follow=True).content.decode()
    again = client.post(f"{base}/resend/", {})

    assert "a link is sent to ada@acme.example" in resent
    assert "The invitation of ada@acme.example is revoked." in revoked
    assert f"{base}/resend/" not in revoked
    assert (again.status_code, "is not open: it is revoked" in again.content.decode()) == (409, True)


def test_the_list_shows_states_and_is_filtered_by_them(client_for, owner, invitation):
    client = client_for(owner)

    page = client.get("/t/acme/identity/invitation/?state__exact=invited").content.decode()
    none = client.get("/t/acme/identity/invitation/?state__exact=revoked").content.decode()
    hidden = client.get("/t/acme/identity/invitation/?token_digest__startswith=a")

    label = render_to_string("unfold/helpers/label.html", {"type": "info", "text": "Invited"})
    assert ("ada@acme.example" in page, "Accountant" in page, label.strip() in page) == (True, True, True)
    assert "ada@acme.example" not in none
    assert hidden.status_code == 400


def test_an_operator_invites_an_operator_in_the_console(client_for, operator):
    client = client_for(operator, None)

    page = client.post("/identity/invite/", FORM, follow=True).content.decode()

    assert "Ada is invited" in page
    assert "Operator" in client.get("/identity/invitation/").content.decode()


def test_a_controller_neither_sees_nor_changes_invitations(client_for, api, controller, invitation):
    client, caller = client_for(controller), api(controller)

    pages = ("invitation/", "invite/", f"invitations/{invitation.pk}/revoke/")
    assert {client.get(f"/t/acme/identity/{page}").status_code for page in pages} == {403}
    assert caller.get("identity/invitations/").status_code == 403
    assert caller.post(f"identity/invitations/{invitation.pk}/revoke/").status_code == 403


def test_invitations_are_listed_created_resent_and_revoked_over_the_api(api, owner):
    caller = api(owner)
    created = caller.post("identity/invitations/", FORM).json()

    resent = caller.post(f"identity/invitations/{created['id']}/resend/").json()
    revoked = caller.post(f"identity/invitations/{created['id']}/revoke/").json()
    listed = caller.get("identity/invitations/", state="revoked").json()["results"]

    assert (created["state"], created["role"], created["sent_at"]) == ("invited", "accountant", None)
    assert (resent["state"], revoked["state"], revoked["user"]) == ("invited", "revoked", None)
    assert listed == [revoked]
    assert caller.post(f"identity/invitations/{created['id']}/resend/").json()["code"] == (
        "identity.invitation_not_open"
    )


def test_operators_are_invited_over_the_api_of_the_platform_only(api, operator, owner):
    body = {"email": "otto@bursar.example", "name": "Otto"}

    invited = api(operator, None).post("identity/invitations/operators/", body)
    refused = api(owner).post("identity/invitations/operators/", body)

    assert (invited.status_code, invited.json()["role"]) == (201, "")
    assert refused.json()["code"] == "identity.operators_are_platform_only"
