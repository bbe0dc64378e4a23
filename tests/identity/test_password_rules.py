"""Passwords that are refused."""

from __future__ import annotations

import pytest

from apps.identity import rules
from apps.identity.errors import PasswordTooWeak
from apps.identity.models import User
from apps.kernel.tenant import TenantInfo, activate

ACME = TenantInfo(id=1, slug="acme", name="Acme Corporation", schema="tenant_1", state="active", epoch=0)
OWNER = User(email="owner@acme.example", name="Owner Olsen")


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
        "OwnerOlsen1!",
        "bursarbursar",
        "short",
        "password1234",
    ],
)
def test_a_weak_password_is_refused(password):
    with activate(ACME), pytest.raises(PasswordTooWeak):
        rules.password_must_be_strong(password, OWNER)


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "purple monkey dishwasher", "vQ7#kd0Lm2!x", "acme: 7 geese fly south"],
)
def test_a_strong_password_is_accepted(password):
    with activate(ACME):
        rules.password_must_be_strong(password, OWNER)


def test_a_password_with_the_name_of_another_tenant_is_accepted():
    with activate(ACME):
        rules.password_must_be_strong("globex globex", OWNER)
