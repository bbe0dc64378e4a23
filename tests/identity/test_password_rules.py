"""Passwords that are refused."""

from __future__ import annotations

import pytest

from apps.identity import rules
from apps.identity.errors import PasswordTooWeak
from apps.kernel.tenant import activate


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "            ",
        "\t\t\t\t\t\t\t\t\t\t\t\t\t",
        "abababababab",
        "Acme Corporation",
        "acmecorporation2026",
        "ACME-acme-acme!",
        "owner@acme.example",
        "OwnerOwner1!",
        "bursarbursar",
        "short",
        "password1234",
    ],
)
def test_a_weak_password_is_refused(owner, acme, password):
    with activate(acme), pytest.raises(PasswordTooWeak):
        rules.password_must_be_strong(password, owner)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "purple monkey dishwasher", "vQ7#kd0Lm2!x", "acme: 7 geese fly south"],
)
def test_a_strong_password_is_accepted(owner, acme, password):
    with activate(acme):
        rules.password_must_be_strong(password, owner)


def test_a_password_with_the_name_of_another_tenant_is_accepted(owner, acme, globex):
    with activate(acme):
        rules.password_must_be_strong("globex globex", owner)
