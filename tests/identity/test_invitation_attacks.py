"""Attacks on invitations: no result, row or event has the link, and only the last link of an open one is valid."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from apps.bus import dispatch
from apps.identity.commands import (
    AcceptInvitation,
    InviteUser,
    ResendInvitation,
    RevokeInvitation,
)
from apps.identity.errors import EmailTaken
from apps.identity.invitations.errors import InvitationLinkInvalid
from apps.identity.invitations.models import ACCEPT, LIFE
from apps.identity.models import Invitation, User
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from tests.support.people import PASSWORD, TESTER, accept, new_user
from tests.support.settling import settle
from tests.support.threads import together

ADA = InviteUser(email="ada@acme.example", name="Ada", role="accountant")
FORM = {"email": "ada@acme.example", "name": "Ada", "role": "accountant"}
CHOICE = {"new_password": "purple monkey dishwasher", "repeated_password": "purple monkey dishwasher"}
LINK = re.compile(r"/accounts/(?:password/choose|invitation)/[^/\s]+/")


@pytest.fixture
def invitation(acme, owner) -> Invitation:
    with activate(acme):
        return dispatch(ADA, actor=owner)


@pytest.fixture
def token(acme, invitation) -> str:
    with activate(acme):
        return invitation.sign_token()


def path(token: str, prefix: str = "/t/acme") -> str:
    return f"{prefix}/accounts/invitation/{token}/"


@pytest.mark.parametrize("form", ["/t/acme/identity/invite/", "/identity/invite/"])
def test_a_replayed_form_shows_no_link_and_leaves_the_active_account_alone(
    client_for, owner, operator, acme, form, mailoutbox
):
    tenant = acme if form.startswith("/t/") else None
    client = client_for(owner) if tenant else client_for(operator, None)
    body = FORM | {"idempotency_key": "k1"}
    first = client.post(form, body, follow=True).content.decode()
    settle()
    with activate(tenant):
        ada = accept(Invitation.objects.open().get())

    replay = client.post(form, body, follow=True).content.decode()
    settle()

    assert (LINK.findall(first), LINK.findall(replay)) == ([], [])
    assert len(mailoutbox) == 1
    with activate(tenant):
        assert User.objects.get(pk=ada.pk).password == ada.password


def test_a_replayed_request_of_the_api_has_no_link(api, owner, acme, mailoutbox):
    caller = api(owner)
    first = caller.post("identity/invitations/", FORM, key="k1")
    settle()
    with activate(acme):
        accept(Invitation.objects.open().get())

    replay = caller.post("identity/invitations/", FORM, key="k1")
    settle()

    assert (replay["Idempotency-Replayed"], replay.json()) == ("true", first.json())
    assert not LINK.search(replay.content.decode())
    assert not {"token", "token_digest", "link"} & replay.json().keys()
    assert len(mailoutbox) == 1


def test_no_table_contains_the_token(acme, owner, api, mailoutbox):
    api(owner).post("identity/invitations/", FORM, key="k1")
    settle()
    (link_token,) = re.findall(r"/accounts/invitation/([^/\s]+)/", mailoutbox[0].body)
    with activate(acme):
        assert Invitation.objects.with_token(link_token).exists()

    for tenant in (acme, None):
        with activate(tenant), connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
                " AND has_table_privilege(oid, 'SELECT')"
            )
            for (table,) in cursor.fetchall():
                cursor.execute(
                    f'SELECT count(*) FROM "{table}" AS t WHERE strpos(t::text, %s) > 0', [link_token]
                )
                assert cursor.fetchone() == (0,), table


def accepted(invitation: Invitation) -> None:
    dispatch(AcceptInvitation(token=invitation.sign_token(), password=PASSWORD), actor=TESTER)


def resent(invitation: Invitation) -> None:
    """Before the new e-mail is written."""
    dispatch(ResendInvitation(invitation_id=invitation.pk), actor=TESTER)


def resent_with_a_new_link(invitation: Invitation) -> None:
    resent(invitation)
    Invitation.objects.get(pk=invitation.pk).sign_token()


def revoked(invitation: Invitation) -> None:
    dispatch(RevokeInvitation(invitation_id=invitation.pk), actor=TESTER)


@pytest.mark.parametrize("change", [accepted, resent, resent_with_a_new_link, revoked])
def test_a_link_is_void_after_a_change(acme, invitation, token, change):
    with activate(acme):
        change(invitation)
        count = User.objects.count()

    assert_refused(acme, path(token), count)


def test_an_expired_link_is_void(acme, token):
    with activate(acme):
        count = User.objects.count()

    with moved_to(now() + LIFE):
        assert_refused(acme, path(token), count)


def test_a_token_signed_by_a_holder_of_the_key_is_refused(acme, invitation):
    with activate(acme):
        token = ACCEPT.sign(invitation=invitation.pk, random="guessed")
        count = User.objects.count()

    assert_refused(acme, path(token), count)


def test_a_token_of_one_tenant_is_refused_at_another_and_on_the_platform(globex, invitation, token):
    """Also where the other one has the same row."""
    digest = invitation.token_digest
    for tenant, prefix in ((globex, "/t/globex"), (None, "")):
        with activate(tenant):
            twin = Invitation(pk=invitation.pk, email="ada@acme.example", name="Ada")
            twin.issue("A copy")
            Invitation.objects.filter(pk=twin.pk).update(token_digest=digest)
            count = User.objects.count()

        assert_refused(tenant, path(token, prefix), count)


def assert_refused(tenant: Any, link: str, users: int) -> None:
    visitor = Client()

    assert (visitor.get(link).status_code, visitor.post(link, CHOICE).status_code) == (410, 410)
    with activate(tenant):
        assert User.objects.count() == users


def test_of_concurrent_acceptances_one_creates_the_user(acme, invitation, token):
    command = AcceptInvitation(token=token, password=PASSWORD)

    outcomes = together(6, lambda: dispatch(command, actor=TESTER), acme)

    kinds = [type(outcome) for outcome in outcomes]
    assert (kinds.count(User), kinds.count(InvitationLinkInvalid)) == (1, 5)
    with activate(acme):
        assert User.objects.filter(email="ada@acme.example").count() == 1


def test_an_acceptance_never_changes_an_account_that_exists(acme, invitation, token):
    with activate(acme):
        other = new_user("eve@acme.example", "Eve", "auditor")
        User.objects.filter(pk=other.pk).update(email="ada@acme.example")

        with pytest.raises(EmailTaken):
            dispatch(AcceptInvitation(token=token, password=CHOICE["new_password"]), actor=TESTER)

        assert User.objects.get(pk=other.pk).check_password(PASSWORD)
