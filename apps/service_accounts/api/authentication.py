"""Authentication by the token of a service account."""

from __future__ import annotations

import redis
from allauth.account.adapter import get_adapter
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.identity.errors import TokenOfAnotherTenant, TooManyAttempts
from apps.kernel.authentication import note_authentication
from apps.kernel.cache.throttling import use
from apps.service_accounts import tokens
from apps.service_accounts.errors import ServiceTokenInvalid
from apps.service_accounts.models import Grant
from apps.service_accounts.programs import Program

SCHEME = "bearer"
INVALID_PER_MINUTE = 30


class ServiceAccountToken(BaseAuthentication):
    """`Authorization: Bearer bursar_sa_…`. Other tokens are left to the next class."""

    def authenticate(self, request: Request) -> tuple[Program, Grant] | None:
        token = self.token_in(request)
        if not token.startswith(tokens.PREFIX):
            return None
        if not tokens.is_of_current_tenant(token):
            raise TokenOfAnotherTenant
        try:
            grant = tokens.grant_of(token)
        except ServiceTokenInvalid:
            _count_invalid(request)
            raise
        note_authentication(None, is_person=False)
        return Program(grant.account_id, grant.name, grant.scopes), grant

    def token_in(self, request: Request) -> str:
        """Empty without one."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        return text.strip() if scheme.lower() == SCHEME else ""

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenOfProtocols(ServiceAccountToken):
    """For endpoints of protocols, whose clients also send `X-API-Key: …`, or `Authorization` without a scheme."""

    def token_in(self, request: Request) -> str:
        bare = request.headers.get("Authorization", "").strip()
        if bare.startswith(tokens.PREFIX):
            return bare
        return super().token_in(request) or request.headers.get("X-API-Key", "").strip()


def _count_invalid(request: Request) -> None:
    """Raises TooManyAttempts for an address with many invalid tokens."""
    try:
        used = use(f"service-token:{get_adapter().get_client_ip(request._request)}")
    except redis.RedisError:
        return
    if used.count > INVALID_PER_MINUTE:
        raise TooManyAttempts(seconds=used.resets_in)


class ServiceAccountTokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.service_accounts.api.authentication.ServiceAccountToken"
    name = "serviceAccount"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": SCHEME, "description": f"A token that begins with {tokens.PREFIX}"}


class TokenOfProtocolsScheme(OpenApiAuthenticationExtension):
    target_class = "apps.service_accounts.api.authentication.TokenOfProtocols"
    name = "programToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        description = (
            f"A token that begins with {tokens.PREFIX}, here or as Authorization, with or without Bearer"
        )
        return {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": description}
