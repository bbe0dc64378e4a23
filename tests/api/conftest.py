"""Callers of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.clock import now, today
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.commands import OpenAccount
from tests.conftest import PASSWORD


class Caller:
    """A logged-in client that speaks JSON below one plane's /api/v1/."""

    def __init__(self, client: Client, tenant: TenantInfo | None) -> None:
        self.client = client
        self.base = f"/t/{tenant.slug}/api/v1/" if tenant else "/api/v1/"

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(self.base + path, query)

    def post(self, path: str, body: Any = None, key: str | None = "") -> HttpResponse:
        """Under a new key, unless one is given; None: under none."""
        headers = {} if key is None else {"Idempotency-Key": key or uuid4().hex}
        return self.client.post(
            self.base + path, body or {}, content_type="application/json", headers=headers
        )


@pytest.fixture
def api(client_for: Callable[..., Client], acme: TenantInfo) -> Callable[..., Caller]:
    """`api(accountant)` calls acme, `api(operator, None)` the platform."""

    def caller(user: User, tenant: TenantInfo | None = acme) -> Caller:
        return Caller(client_for(user, tenant), tenant)

    return caller


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
def platform_nobody(database: str) -> User:
    """Somebody on the operator's plane without a permission."""
    user = User(email="intern@bursar.example", name="Ivo Intern", joined_at=now())
    user.set_password(PASSWORD)
    user.save()
    return user
