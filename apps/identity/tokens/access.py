"""Access tokens: short-lived, signed, and valid for one tenant only.

A token is valid only if all of these match: the signature, the time, this installation, the tenant of the request, the
tenant's epoch, and the status of session and user, which is one cached look-up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import jwt
from django.conf import settings

from apps.identity import hooks, scopes
from apps.identity.errors import TokenExpired, TokenInvalid, TokenOfAnotherTenant, TokenOutdated
from apps.identity.models import ApiSession, TokenStatus, User, token_statuses
from apps.kernel.clock import now
from apps.kernel.tenant import TenantInfo, current_tenant

from . import keys

NEEDED = [
    "iss",
    "aud",
    "sub",
    "sid",
    "jti",
    "iat",
    "auth_time",
    "exp",
    "tenant_id",
    "tenant_epoch",
    "user_epoch",
]
PURPOSE = "at+jwt"
"""The `typ` of the header: an access token (RFC 9068)."""
PLATFORM = 0
"""The tenant id of platform tokens."""
Claims = Mapping[str, Any]


def issue(session: ApiSession, until: dt.datetime) -> str:
    """Issue an access token for the session. Must run in the tenant of its user."""
    user = session.user
    key_id, key = keys.signing_key()
    return jwt.encode(
        {**hooks.claims_of(user), **_about(user), **_bounds(session, until)},
        key,
        algorithm=keys.ALGORITHM,
        headers={"kid": key_id, "typ": PURPOSE},
    )


def read(token: str) -> Claims:
    """The claims of a valid token.

    Raises TokenInvalid, TokenExpired, TokenOfAnotherTenant, TokenOutdated.
    """
    claims = _signed(token)
    tenant = current_tenant()
    if claims["tenant_id"] != _id(tenant):
        raise TokenOfAnotherTenant
    token_status = token_statuses.get(claims["sid"])
    if claims["tenant_epoch"] != _epoch(tenant) or token_status != TokenStatus(
        int(claims["sub"]), claims["user_epoch"]
    ):
        raise TokenOutdated
    return claims


def audience(tenant: TenantInfo | None) -> str:
    """Contains the id of the tenant, as its name and its addresses may change."""
    return f"{settings.PUBLIC_URL}/tenants/{tenant.id}" if tenant else f"{settings.PUBLIC_URL}/platform"


def _signed(token: str) -> Claims:
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != PURPOSE:
            raise TokenInvalid
        key_id = str(header.get("kid"))
        claims: Claims = jwt.decode(
            token,
            keys.verifying_key(key_id) or _unknown_key(key_id),
            algorithms=[keys.ALGORITHM],
            audience=audience(current_tenant()),
            issuer=settings.PUBLIC_URL,
            options={"require": NEEDED, "strict_aud": True},
        )
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except jwt.InvalidAudienceError:
        raise TokenOfAnotherTenant from None
    except jwt.PyJWTError:
        raise TokenInvalid from None
    return claims


def _unknown_key(key_id: str) -> Any:
    raise jwt.InvalidKeyError(f"There is no key {key_id!r}.")


def _about(user: User) -> dict[str, Any]:
    return {
        "sub": str(user.pk),
        "email": user.email,
        "name": user.name,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "roles": user.role_names,
        "scopes": list(scopes.PERMISSION_OF) if user.is_superuser else scopes.of(user.get_all_permissions()),
        "permissions": [] if user.is_superuser else sorted(user.get_user_permissions()),
        "user_epoch": user.epoch,
    }


def _bounds(session: ApiSession, until: dt.datetime) -> dict[str, Any]:
    tenant = current_tenant()
    return {
        "iss": settings.PUBLIC_URL,
        "aud": audience(tenant),
        "tenant_id": _id(tenant),
        "tenant_epoch": _epoch(tenant),
        "sid": session.pk,
        "jti": uuid4().hex,
        "iat": now(),
        "auth_time": int(session.authenticated_at.timestamp()),
        "exp": until,
    }


def _id(tenant: TenantInfo | None) -> int:
    return tenant.id if tenant else PLATFORM


def _epoch(tenant: TenantInfo | None) -> int:
    return tenant.epoch if tenant else 0
