"""Callers of the API."""

from __future__ import annotations

from typing import Any

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.clock import now, today
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.commands import OpenAccount
from tests.support.database import PASSWORD


@pytest.fixture
def globex_owner(globex: TenantInfo) -> User:
    with activate(globex):
        return User.objects.get(email="owner@globex.example")


@pytest.fixture
def chart(acme: TenantInfo, globex: TenantInfo, owner: User, globex_owner: User) -> None:
    """Both tenants have the accounts 1000 and 4000."""
    for tenant, user in ((acme, owner), (globex, globex_owner)):
        with activate(tenant):
            dispatch(OpenAccount(code="1000", name="Cash", type="asset"), actor=user)
            dispatch(OpenAccount(code="4000", name="Sales", type="income"), actor=user)


@pytest.fixture
def sale() -> dict[str, Any]:
    """What an entry looks like in JSON."""
    return {
        "posted_on": today().isoformat(),
        "memo": "cash sale",
        "lines": [
            {"account": "1000", "currency": "USD", "amount": "12.50"},
            {"account": "4000", "currency": "USD", "amount": "-12.50"},
        ],
    }


@pytest.fixture
def operator_without_role(db: None) -> User:
    """A user on the operator's plane without permissions."""
    user = User(email="intern@bursar.example", name="Ivo Intern", joined_at=now())
    user.set_password(PASSWORD)
    user.save()
    return user
