"""API clients that sign in with a password and send access tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.identity.models import User
from apps.kernel.tenant import TenantInfo
from tests.support.database import PASSWORD
from tests.support.responses import ClientResponse


class Device:
    """A client signed in over the API of one tenant (None: of the platform), without cookies."""

    def __init__(self, email: str, tenant: TenantInfo | None) -> None:
        self.base = f"/t/{tenant.slug}/api/v1/" if tenant else "/api/v1/"
        self.tokens: dict[str, Any] = {}
        response = self.post("identity/tokens/", {"email": email, "password": PASSWORD}, token="")
        assert response.status_code == 201, response.content
        assert not response.cookies
        self.tokens = response.json()

    def get(self, path: str = "identity/me/", *, token: str | None = None, **headers: str) -> ClientResponse:
        """The path is below the tenant's /api/v1/ unless it begins with a slash."""
        address = path if path.startswith("/") else self.base + path
        return Client().get(address, headers=self._headers(token) | headers)

    def post(self, path: str, body: Any = None, *, token: str | None = None) -> ClientResponse:
        return Client().post(
            self.base + path, body or {}, content_type="application/json", headers=self._headers(token)
        )

    def refresh(self, refresh_token: str | None = None) -> ClientResponse:
        """Refreshes the tokens and uses the new pair."""
        payload = {"refresh_token": refresh_token or self.tokens["refresh_token"]}
        response = self.post("identity/tokens/refresh/", payload, token="")
        if response.status_code == 200:
            self.tokens = response.json()
        return response

    def _headers(self, token: str | None) -> dict[str, str]:
        access_token = self.tokens.get("access_token", "") if token is None else token
        return {"Authorization": f"Bearer {access_token}"} if access_token else {}


@pytest.fixture
def device(acme: TenantInfo) -> Callable[..., Device]:
    """`device(accountant)` at acme, `device(user, globex)` at globex, `device(operator, None)` at the platform."""

    def signed_in(user: User, tenant: TenantInfo | None = acme) -> Device:
        return Device(user.email, tenant)

    return signed_in


def token(client: Client, email: str, prefix: str) -> dict[str, str]:
    response = client.post(
        f"{prefix}/api/v1/identity/tokens/",
        {"email": email, "password": PASSWORD},
        content_type="application/json",
    )
    assert response.status_code in (200, 201), response.content
    return {"Authorization": f"Bearer {response.json()['access_token']}"}
