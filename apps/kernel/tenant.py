"""Whose data this is: the current tenant, in one context variable.

`activate()` sets it and nothing else names a schema. The database backend, the cache keys, the task
headers and the logs all read it from here; it is right in threads, async code and workers, because a context
variable is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connections

from .errors import Unavailable

PUBLIC_SCHEMA = "public"
HOME = "home"
"""The key of the database that holds the platform's own rows."""


@dataclass(frozen=True, slots=True)
class TenantInfo:
    """What every layer needs to know of a tenant. Frozen and plain, so nothing can lazy-load.

    epoch     grows whenever what was said of the tenant before must end at once (suspension, move)
    mode      normal, read_only or maintenance, beside its state
    role      the PostgreSQL role that alone may use the schema; empty where none is set, as for the template
    database  the key of the database in which the schema lies
    """

    id: int
    slug: str
    name: str
    schema: str
    state: str
    epoch: int = 0
    mode: str = "normal"
    role: str = ""
    database: str = HOME
    region: str = ""

    def __str__(self) -> str:
        return self.name


class TenantSwitchInTransaction(Unavailable):
    message = "The tenant cannot change from {before} to {after} inside an open transaction."


_current: ContextVar[TenantInfo | None] = ContextVar("current_tenant", default=None)


def current_tenant() -> TenantInfo | None:
    """The tenant, or None: the platform itself, whose data is in the public schema."""
    return _current.get()


@contextmanager
def activate(tenant: TenantInfo | None) -> Iterator[None]:
    """Work for `tenant` (None: the platform) inside the block. Nests.

    Raises TenantSwitchInTransaction: rows of two tenants never share a transaction, since deferred
    triggers would fire under the other tenant's search path.
    """
    before = _current.get()
    _refuse_switch_in_transaction(before, tenant)
    token = _current.set(tenant)
    try:
        yield
    finally:
        _current.reset(token)


def _refuse_switch_in_transaction(before: TenantInfo | None, after: TenantInfo | None) -> None:
    if (before and before.id) == (after and after.id):
        return
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise TenantSwitchInTransaction(before=before or "the platform", after=after or "the platform")
