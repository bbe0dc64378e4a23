"""Limits on the number of objects of a tenant. An app declares what it counts; `settings.LIMITS` returns the maximum.

USERS = declare_limit("identity.users", unit="users", description="People who may sign in", count=active_users)

    limits.must_allow(USERS)   # in a rule, before one more is made
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from .db.locks import Lock
from .errors import Conflict
from .tenant import current_tenant

UNLIMITED = -1
COUNTING = Lock("limit:{tenant}:{limit}")


@dataclass(frozen=True)
class Limit:
    """`count()` returns the current tenant's number of objects."""

    name: str
    unit: str | Promise
    description: str | Promise
    count: Callable[[], int]


LIMITS: dict[str, Limit] = {}
NOTED_BY: list[Callable[[Limit], None]] = []
"""Functions that are called in the transaction in which more of a limit is used."""


class LimitReached(Conflict):
    message = _("The plan allows {most} {unit}, and there are {used} already.")


def declare_limit(
    name: str, *, unit: str | Promise, description: str | Promise, count: Callable[[], int]
) -> Limit:
    """Call once, in the app that owns the counted objects."""
    if name in LIMITS:
        raise TypeError(f"There is already a limit {name}.")
    LIMITS[name] = Limit(name, unit, description, count)
    return LIMITS[name]


def must_allow(limit: Limit, more: int = 1) -> None:
    """Raises LimitReached. A lock until the end of the transaction serialises concurrent checks, so that two requests
    cannot both take the last one. The platform has no limits."""
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
    for note_use in NOTED_BY:
        note_use(limit)
