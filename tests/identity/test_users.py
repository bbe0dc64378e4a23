"""Who comes in, and what each may do."""

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client, override_settings

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.identity import queries, roles
from apps.identity.commands import InviteUser, SetPassword
from apps.identity.errors import EmailMalformed, EmailTaken, PasswordTooWeak, RoleUnknown
from apps.identity.models import User
from tests.support.database import PASSWORD

NEW = InviteUser(email="Ada@acme.example", name="Ada", role="accountant")


def test_an_invited_user_has_a_role_and_no_password_yet(at_acme, owner):
    ada = dispatch(NEW, actor=owner)

    assert ada.email == "ada@acme.example"
    assert not ada.has_usable_password()
    assert ada.has_perm("ledger.post_entry")
    assert not ada.has_perm("periods.close_period")


def test_an_address_is_one_person_whatever_its_case(at_acme, owner):
    dispatch(NEW, actor=owner)

    with pytest.raises(EmailTaken):
        dispatch(InviteUser(email="ADA@ACME.example", name="Ada", role="auditor"), actor=owner)


def test_bad_addresses_and_unknown_roles_are_refused(at_acme, owner):
    with pytest.raises(EmailMalformed):
        dispatch(InviteUser(email="ada", name="Ada", role="auditor"), actor=owner)
    with pytest.raises(RoleUnknown, match="owner, controller, accountant, auditor"):
        dispatch(InviteUser(email="x@acme.example", name="X", role="king"), actor=owner)


def test_a_weak_password_is_refused(at_acme, owner):
    with pytest.raises(PasswordTooWeak):
        dispatch(SetPassword(user_id=owner.pk, password="short"), actor=owner)


def test_only_the_owner_invites(at_acme, controller):
    with pytest.raises(PermissionDenied):
        dispatch(NEW, actor=controller)


def test_the_owner_may_whatever_any_role_may(at_acme):
    everything = roles.permissions_of("owner")

    for role in roles.names():
        assert roles.permissions_of(role) <= everything
    assert "ledger.post_entry" not in roles.permissions_of("auditor")


def test_passwords_are_kept_by_argon2():
    from config.settings import base

    with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
        assert make_password(PASSWORD).startswith("argon2$argon2id$")


def test_the_invitation_leads_to_a_password_once(at_acme, owner):
    ada = dispatch(NEW, actor=owner)
    link = queries.invitation_link(ada).split("localhost:8000")[1]
    assert link.startswith("/t/acme/")

    client = Client()
    to_form = client.get(link).headers["location"]
    chosen = {"password1": "purple monkey dishwasher", "password2": "purple monkey dishwasher"}
    assert client.post(to_form, chosen).status_code == 302

    assert User.objects.get(pk=ada.pk).check_password("purple monkey dishwasher")
    again = Client().get(link, follow=True)
    assert "password1" not in again.content.decode()
