"""API clients with a browser session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo
from tests.support.responses import ClientResponse


class Caller:
    """A signed-in JSON client of one plane's /api/v1/."""

    def __init__(self, client: Client, tenant: TenantInfo | None) -> None:
        self.client = client
        self.base = f"/t/{tenant.slug}/api/v1/" if tenant else "/api/v1/"

    def get(self, path: str, **query: Any) -> ClientResponse:
        return self.client.get(self.base + path, query)

    def post(self, path: str, body: Any = None, key: str | None = "") -> ClientResponse:
        """Sends a new Idempotency-Key unless `key` is passed; None: no key."""
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
