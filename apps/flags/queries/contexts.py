"""The attributes for which flags are evaluated: the tenant, the actor with its roles, and what the caller names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied

from apps.billing import queries as billing
from apps.companies import queries as companies
from apps.identity import queries as identity
from apps.identity.models import User, roles_of_users
from apps.kernel.actors import System, acting
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.cache.moments import Moments
from apps.kernel.observability.logs import current_request
from apps.kernel.tenant import TenantInfo, current_tenant

WELL_KNOWN = frozenset(
    {"tenant", "tenant_slug", "plan", "user", "email", "roles", "company", "ip", "now", "system"}
)
"""The attributes that conditions may name beside those that callers add."""

_tenants: Moments[Mapping[str, Any]] = Moments(1_000)
_users: Moments[tuple[str, ...]] = Moments()


def current_context(**attributes: Any) -> dict[str, Any]:
    """For the actor of the command that is handled, else of the request."""
    return acting_context(_actor(), **attributes)


def acting_context(actor: Any, **attributes: Any) -> dict[str, Any]:
    """For an actor that acts now: with the attributes of the request, if there is one.

    ip            the address of the client
    """
    return {**context_of(actor), **_of_request(), **attributes}


def context_of(actor: Any, **attributes: Any) -> dict[str, Any]:
    """For this actor in the current tenant. Preview and evaluation of one person use the same context.

    tenant, user  ids, as text; a rename changes no bucket
    company       its id: the company that was added at onboarding, unless the caller names another one
    system        whether the platform itself acts; it is in every role
    """
    return {**_of_tenant(), **_of_actor(actor), **attributes}


def _of_request() -> Mapping[str, Any]:
    """The address of the client; a task and a management command have none."""
    request: Any = current_request.get()
    if request is None:
        return {}
    try:
        return {"ip": str(get_adapter().get_client_ip(request))}
    except PermissionDenied:  # more addresses of proxies than are trusted
        return {}


def _of_tenant() -> Mapping[str, Any]:
    tenant = current_tenant()
    if tenant is None:
        return {}
    names = (
        tenant_cache_key(f"{billing.cached.area}:stamp", "public"),
        tenant_cache_key(f"{companies.cached.area}:stamp"),
    )
    return _tenants.get(tenant, names, lambda: _read_of_tenant(tenant))


def _read_of_tenant(tenant: TenantInfo) -> Mapping[str, Any]:
    plan = billing.plan_of(tenant.id)
    company = companies.first_company_id()
    of_company = {} if company is None else {"company": str(company)}
    return {"tenant": str(tenant.id), "tenant_slug": tenant.slug, "plan": plan.code, **of_company}


def _of_actor(actor: Any) -> Mapping[str, Any]:
    if isinstance(actor, System):
        return {"system": True}
    if actor is None or getattr(actor, "pk", None) is None:
        return {}
    return {"user": str(actor.pk), "email": actor.email, "roles": _roles(actor)}


def _roles(actor: Any) -> tuple[str, ...]:
    if not isinstance(actor, User):
        return tuple(actor.role_names)
    tenant, names = current_tenant(), (tenant_cache_key(f"{roles_of_users.area}:stamp"),)
    return _users.get((tenant and tenant.id, actor.pk), names, lambda: identity.role_names(actor.pk))


def _actor() -> Any:
    if (actor := acting()) is not None:
        return actor
    request = current_request.get()
    user: Any = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return getattr(user, "_wrapped", user)  # Django's lazy object is no instance of the class
    return None
