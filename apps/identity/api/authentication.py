"""Authentication by access token."""

from __future__ import annotations

import datetime as dt

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.identity.tokens import access
from apps.identity.tokens.access import Claims
from apps.identity.tokens.bearer import Bearer
from apps.kernel.authentication import note_authentication

SCHEME = "bearer"


class AccessToken(BaseAuthentication):
    """`Authorization: Bearer …`. It reads no cookie and needs no CSRF token."""

    def authenticate(self, request: Request) -> tuple[Bearer, Claims] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        claims = access.read(token.strip())
        note_authentication(dt.datetime.fromtimestamp(claims["auth_time"], dt.UTC))
        return Bearer(claims), claims

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.identity.api.authentication.AccessToken"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": SCHEME, "bearerFormat": "JWT"}
