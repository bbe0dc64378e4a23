"""Users, invitations and roles."""

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


def test_an_invited_user_has_a_role_without_a_password(at_acme, owner):
    ada = dispatch(NEW, actor=owner)

    assert ada.email == "ada@acme.example"
    assert not ada.has_usable_password()
    assert ada.has_perm("ledger.post_entry")
    assert not ada.has_perm("periods.close_period")


def test_an_address_in_another_case_is_refused(at_acme, owner):
    dispatch(NEW, actor=owner)

    with pytest.raises(EmailTaken):
        dispatch(InviteUser(email="ADA@ACME.example", name="Ada", role="auditor"), actor=owner)


def test_an_invalid_invitation_is_refused(at_acme, owner):
    with pytest.raises(EmailMalformed):
        dispatch(InviteUser(email="ada", name="Ada", role="auditor"), actor=owner)
    with pytest.raises(RoleUnknown, match="owner, controller, accountant, auditor"):
        dispatch(InviteUser(email="x@acme.example", name="X", role="king"), actor=owner)


def test_a_weak_password_is_refused(at_acme, owner):
    with pytest.raises(PasswordTooWeak):
        dispatch(SetPassword(user_id=owner.pk, password="short"), actor=owner)


def test_an_invitation_by_a_controller_is_refused(at_acme, controller):
    with pytest.raises(PermissionDenied):
        dispatch(NEW, actor=controller)


def test_an_owner_has_the_permissions_of_every_role(at_acme):
    everything = roles.permissions_of("owner")

    for role in roles.names():
        assert roles.permissions_of(role) <= everything
    assert "ledger.post_entry" not in roles.permissions_of("auditor")


def test_passwords_are_hashed_with_argon2():
    from config.settings import base

    with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
        assert make_password(PASSWORD).startswith("argon2$argon2id$")


def test_an_invitation_link_works_once(at_acme, owner):
    ada = dispatch(NEW, actor=owner)
    link = queries.invitation_link(ada).split("localhost:8000")[1]
    assert link.startswith("/t/acme/")

    client = Client()
    password = "purple monkey dishwasher"
    form = {"new_password": password, "repeated_password": password}
    assert client.post(link, form).status_code == 302

    assert User.objects.get(pk=ada.pk).check_password(password)
    second = Client().get(link, follow=True)
    assert "new_password" not in second.content.decode()
