"""Service accounts, and programs that call the API with their tokens."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

from django.test import Client

from apps.identity.models import User
from apps.kernel.clock import today
from apps.kernel.tenant import TenantInfo
from apps.service_accounts.commands import CreateServiceAccount
from tests.support.responses import ClientResponse

IN_NINETY_DAYS = today() + dt.timedelta(days=90)


def creation(owner: User, **fields: Any) -> CreateServiceAccount:
    defaults: dict[str, Any] = {
        "name": "payroll",
        "purpose": "posts salaries",
        "owner_id": owner.pk,
        "scopes": ("ledger.view_account", "ledger.manage_accounts"),
        "expires_on": IN_NINETY_DAYS,
    }
    return CreateServiceAccount(**defaults | fields)


class ProgramClient:
    """A program that calls a tenant's API (None: the platform's) with a token."""

    def __init__(self, token: str, tenant: TenantInfo | None) -> None:
        self.base = f"/t/{tenant.slug}/api/v1/" if tenant else "/api/v1/"
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> ClientResponse:
        return Client().get(self.base + path, headers=self.headers)

    def post(self, path: str, body: Any = None) -> ClientResponse:
        headers = self.headers | {"Idempotency-Key": uuid4().hex}
        return Client().post(self.base + path, body or {}, content_type="application/json", headers=headers)
