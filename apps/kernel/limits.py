"""How many of something a tenant may have. Who counts declares it; who bounds it is named by `settings.LIMITS`.

USERS = declare_limit("identity.users", unit="users", description="People who may sign in", count=active_users)

    limits.must_allow(USERS)   # in a rule, before one more is made
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from .errors import Conflict
from .locks import Lock
from .tenant import current_tenant

UNLIMITED = -1
COUNTING = Lock("limit:{tenant}:{limit}")


@dataclass(frozen=True)
class Limit:
    """`count()` says how many the current tenant has."""

    name: str
    unit: str
    description: str
    count: Callable[[], int]


LIMITS: dict[str, Limit] = {}


class LimitReached(Conflict):
    message = "The plan allows {most} {unit}, and there are {used} already."


def declare_limit(name: str, *, unit: str, description: str, count: Callable[[], int]) -> Limit:
    """Once, by the app that counts."""
    if name in LIMITS:
        raise TypeError(f"There is already a limit {name}.")
    LIMITS[name] = Limit(name, unit, description, count)
    return LIMITS[name]


def must_allow(limit: Limit, more: int = 1) -> None:
    """Raises LimitReached. Inside a transaction nobody else counts the same at this moment, so two who ask at once do
    not both have the last one. The platform itself is not bounded."""
    tenant = current_tenant()
    if tenant is None:
        return
    most: int = import_string(settings.LIMITS)(limit.name)
    if most == UNLIMITED:
        return
    with connection.cursor() as cursor:
        COUNTING.key(tenant=tenant.id, limit=limit.name).hold(cursor)
    if (used := limit.count()) + more > most:
        raise LimitReached(most=most, unit=limit.unit, used=used, limit=limit.name)
