"""Users, their passwords and roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.test import override_settings

from apps.bus import dispatch
from apps.identity import roles
from apps.identity.commands import SetPassword
from apps.identity.errors import PasswordTooWeak
from tests.support.people import PASSWORD, new_user


def test_a_new_user_has_the_permissions_of_the_role_only(at_acme, owner):
    ada = new_user("Ada@acme.example", "Ada", "accountant", actor=owner)

    assert ada.email == "ada@acme.example"
    assert ada.has_perm("ledger.post_entry")
    assert not ada.has_perm("periods.close_period")


def test_a_weak_password_is_refused(at_acme, owner):
    with pytest.raises(PasswordTooWeak):
        dispatch(SetPassword(user_id=owner.pk, password="short"), actor=owner)


def test_an_owner_has_the_permissions_of_every_role(at_acme):
    everything = roles.permissions_of("owner")

    for role in roles.names():
        assert roles.permissions_of(role) <= everything
    assert "ledger.post_entry" not in roles.permissions_of("auditor")


def test_passwords_are_hashed_with_argon2():
    from config.settings import base

    with override_settings(PASSWORD_HASHERS=base.PASSWORD_HASHERS):
        assert make_password(PASSWORD).startswith("argon2$argon2id$")
