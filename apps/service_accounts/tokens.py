"""The texts of tokens: `bursar_sa_acme_` and 256 random bits. Secret scanners recognise the prefix, which names the
tenant; only a digest is stored."""

from __future__ import annotations

import datetime as dt

from apps.kernel import random_tokens
from apps.kernel.availability import current_availability
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant
from apps.tenancy import directory

from .errors import ServiceTokenInvalid
from .models import Grant, ServiceToken, grants

PREFIX = "bursar_sa_"
PLATFORM = "platform"
"""In place of a tenant's short name; no tenant has this one."""
PURPOSE = "service_account"
USE_NOTED_EVERY = dt.timedelta(minutes=1)

_noted: dict[str, dt.datetime] = {}
"""By digest: when this process last wrote the use of the token."""


def new_token() -> str:
    return f"{PREFIX}{_tenant_name()}_{random_tokens.new_token()}"


def digest_of(token: str) -> str:
    return random_tokens.digest_of(PURPOSE, token)


def is_of_current_tenant(token: str) -> bool:
    """Whether the token names the current tenant, by its present or a former name, or the platform."""
    name, tenant = token.removeprefix(PREFIX).partition("_")[0], current_tenant()
    if not token.startswith(PREFIX):
        return False
    if name == _tenant_name():
        return True
    former = directory.by_former_slug(name) if tenant and name else None
    return former is not None and former.id == getattr(tenant, "id", None)


def grant_of(token: str) -> Grant:
    """What a valid token grants, without a query if it was used a moment ago. Raises ServiceTokenInvalid."""
    digest = digest_of(token)
    grant = grants.get(digest)
    if not grant.is_valid:
        raise ServiceTokenInvalid
    _note_use(digest, grant)
    return grant


def _note_use(digest: str, grant: Grant) -> None:
    """At most once a minute, and not while the tenant's rows are being copied."""
    last, at = _noted.get(digest), now()
    if (last and at - last < USE_NOTED_EVERY) or not current_availability().writes:
        return
    _noted[digest] = at
    ServiceToken.objects.filter(pk=grant.token_id).exclude(last_used_at__gt=at - USE_NOTED_EVERY).update(
        last_used_at=at
    )


def _tenant_name() -> str:
    tenant = current_tenant()
    return tenant.slug if tenant else PLATFORM
