"""Invitations: an address becomes a user when the invited person chooses a password."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.identity.commands import (
    InviteOperator,
    InviteUser,
    ResendInvitation,
    RevokeInvitation,
)
from apps.identity.errors import (
    EmailMalformed,
    EmailTaken,
    OperatorsArePlatformOnly,
    OperatorsHaveNoRoles,
    RoleUnknown,
)
from apps.identity.invitations.errors import AlreadyInvited, InvitationNotOpen, InvitationUnknown
from apps.identity.invitations.models import LIFE
from apps.identity.invitations.tasks import expire_invitations
from apps.identity.models import Invitation, User
from apps.kernel.clock import moved_to, now
from apps.kernel.limits import LIMITS
from apps.kernel.tenant import activate
from tests.support.people import accept, new_user
from tests.support.settling import settle
from tests.support.sqlstate import CHECK, refused

ADA = InviteUser(email="Ada@acme.example", name="Ada", role="accountant")
PASSWORD = "purple monkey dishwasher"
FORM = {"new_password": PASSWORD, "repeated_password": PASSWORD}
UNIQUE, GUARD = "23505", "BD001"


@pytest.fixture
def invitation(at_acme, owner) -> Invitation:
    return dispatch(ADA, actor=owner)


def path_in(mail) -> str:
    (path,) = re.findall(r"http://localhost:8000(\S+)", mail.body)
    return path


def test_an_invited_person_chooses_a_password_and_signs_in(invitation, acme, mailoutbox):
    assert not User.objects.filter(email="ada@acme.example").exists()
    settle()
    (mail,) = mailoutbox
    visitor = Client()
    page = visitor.get(path_in(mail)).content.decode()

    accepted = visitor.post(path_in(mail), FORM, follow=True)

    assert (mail.to, "Acme Corporation" in mail.subject) == (["ada@acme.example"], True)
    assert "Join Acme Corporation" in page
    assert 'href="/t/acme/accounts/login/"' in accepted.content.decode()
    assert [name for name in visitor.cookies if name.startswith("bursar_device")]
    signed_in = visitor.post("/t/acme/accounts/login/", {"login": "ada@acme.example", "password": PASSWORD})
    assert signed_in.status_code == 302
    ada = User.objects.get(email="ada@acme.example")
    assert (ada.role_names, ada.is_superuser, ada.has_perm("ledger.post_entry")) == (
        ["accountant"],
        False,
        True,
    )
    row = Invitation.objects.get(pk=invitation.pk)
    assert (row.state, row.user_id, row.token_digest) == ("accepted", ada.pk, "")
    record = Record.objects.filter(command="identity.accept_invitation").latest("id")
    assert (record.actor_name, record.subject_id) == ("ada@acme.example", str(ada.pk))


def test_a_weak_password_is_refused_and_the_link_stays_valid(invitation, mailoutbox):
    settle()
    visitor, path = Client(), path_in(mailoutbox[0])

    weak = visitor.post(path, {"new_password": "a" * 12, "repeated_password": "a" * 12})
    different = visitor.post(path, FORM | {"repeated_password": "another one"})

    assert (weak.status_code, "different characters" in weak.content.decode()) == (422, True)
    assert "The two passwords differ." in different.content.decode()
    assert visitor.get(path).status_code == 200


def test_an_operator_is_invited_on_the_platform_only(operator, owner, acme, mailoutbox):
    dispatch(InviteOperator(email="otto@bursar.example", name="Otto"), actor=operator)
    settle()
    Client().post(path_in(mailoutbox[0]), FORM)

    assert User.objects.get(email="otto@bursar.example").is_superuser
    with pytest.raises(OperatorsHaveNoRoles):
        dispatch(InviteUser(email="x@bursar.example", name="X", role="owner"), actor=operator)
    with activate(acme), pytest.raises(OperatorsArePlatformOnly):
        dispatch(InviteOperator(email="x@acme.example", name="X"), actor=owner)


def test_an_invalid_invitation_is_refused(at_acme, owner, controller):
    with pytest.raises(EmailMalformed):
        dispatch(InviteUser(email="ada", name="Ada", role="auditor"), actor=owner)
    with pytest.raises(RoleUnknown, match="owner, controller, accountant, auditor"):
        dispatch(InviteUser(email="x@acme.example", name="X", role="king"), actor=owner)
    with pytest.raises(EmailTaken):
        dispatch(InviteUser(email="CONTROLLER@acme.example", name="C", role="auditor"), actor=owner)
    with pytest.raises(PermissionDenied):
        dispatch(ADA, actor=controller)
    with pytest.raises(InvitationUnknown):
        dispatch(ResendInvitation(invitation_id=-1), actor=owner)


def test_a_second_invitation_of_an_address_is_refused_until_the_first_is_revoked(invitation, owner):
    with pytest.raises(AlreadyInvited):
        dispatch(InviteUser(email="ADA@acme.example", name="Ada", role="owner"), actor=owner)
    dispatch(RevokeInvitation(invitation_id=invitation.pk), actor=owner)

    assert dispatch(ADA, actor=owner).state == "invited"


def test_an_open_invitation_counts_as_a_user_of_the_plan(invitation, owner):
    used = LIMITS["identity.users"].count()

    accept(invitation)
    after_acceptance = LIMITS["identity.users"].count()
    other = dispatch(InviteUser(email="eve@acme.example", name="Eve", role="auditor"), actor=owner)
    dispatch(RevokeInvitation(invitation_id=other.pk), actor=owner)

    assert used == after_acceptance == LIMITS["identity.users"].count()


def test_an_overdue_invitation_expires_and_a_resend_opens_it_again(invitation, owner):
    with moved_to(now() + LIFE):
        assert invitation.current_state == "expired"
        expire_invitations.run()
        assert Invitation.objects.get(pk=invitation.pk).state == "expired"

        assert dispatch(ResendInvitation(invitation_id=invitation.pk), actor=owner).state == "invited"
        assert accept(Invitation.objects.get(pk=invitation.pk)).email == "ada@acme.example"


@pytest.mark.parametrize("command", [ResendInvitation, RevokeInvitation])
def test_an_accepted_invitation_is_neither_resent_nor_revoked(invitation, owner, command):
    accept(invitation)

    with pytest.raises(InvitationNotOpen, match="it is accepted"):
        dispatch(command(invitation_id=invitation.pk), actor=owner)


def test_an_expired_invitation_of_an_address_with_a_user_is_not_resent(invitation, owner):
    with moved_to(now() + LIFE):
        expire_invitations.run()
        new_user("ada@acme.example", "Ada", "auditor")

        with pytest.raises(EmailTaken):
            dispatch(ResendInvitation(invitation_id=invitation.pk), actor=owner)


def test_the_events_have_ids_only(invitation, owner):
    dispatch(ResendInvitation(invitation_id=invitation.pk), actor=owner)
    dispatch(RevokeInvitation(invitation_id=invitation.pk), actor=owner)

    about = OutboxEvent.objects.filter(aggregate=f"invitation:{invitation.pk}").order_by("pk")
    assert [(event.name, event.payload) for event in about] == [
        ("invitation.issued", {"invitation_id": invitation.pk}),
        ("invitation.issued", {"invitation_id": invitation.pk}),
        ("invitation.revoked", {"invitation_id": invitation.pk}),
    ]


ILLEGAL = {
    "UPDATE {table} SET state = 'invited', ended_at = NULL WHERE state = 'revoked'": GUARD,
    "UPDATE {table} SET state = 'accepted', user_id = 1 WHERE state = 'revoked'": GUARD,
    "UPDATE {table} SET name = 'Mallory' WHERE state = 'revoked'": GUARD,
    "UPDATE {table} SET role = 'owner' WHERE state = 'invited'": GUARD,
    "UPDATE {table} SET email = 'mallory@elsewhere.example' WHERE state = 'invited'": GUARD,
    "DELETE FROM {table}": GUARD,
    "INSERT INTO {table} (email, name, role, state, token_digest, invited_by, invited_at, expires_at, ended_at)"
    " SELECT email, name, role, state, '', invited_by, invited_at, expires_at, ended_at FROM {table}"
    " WHERE state = 'revoked'": GUARD,
    "UPDATE {table} SET state = 'accepted', ended_at = now() WHERE state = 'invited'": CHECK,
    "UPDATE {table} SET state = 'revoked', token_digest = 'x', ended_at = now() WHERE state = 'invited'": CHECK,
    "UPDATE {table} SET state = 'accepted', ended_at = expires_at + interval '1 second',"
    " user_id = (SELECT min(id) FROM identity_user) WHERE state = 'invited'": CHECK,
    "UPDATE {table} SET user_id = (SELECT min(id) FROM identity_user) WHERE state = 'invited'": CHECK,
    "INSERT INTO {table} (email, name, role, state, token_digest, invited_by, invited_at, expires_at)"
    " SELECT upper(email), name, role, state, '', invited_by, invited_at, expires_at FROM {table}"
    " WHERE state = 'invited'": UNIQUE,
}


def test_an_illegal_change_in_sql_is_refused(invitation, owner):
    eve = dispatch(InviteUser(email="eve@acme.example", name="Eve", role="auditor"), actor=owner)
    dispatch(RevokeInvitation(invitation_id=eve.pk), actor=owner)

    refusals = {statement: refused(statement.format(table="identity_invitation")) for statement in ILLEGAL}

    assert refusals == ILLEGAL
