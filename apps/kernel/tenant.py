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
from typing import Any

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
    sandbox   it is a copy to play with, and tells nobody outside anything
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
    sandbox: bool = False

    def __str__(self) -> str:
        return self.name


class DatabaseSwitchInTransaction(Unavailable):
    message = "The work cannot go on in database {after} inside an open transaction."


class TenantSwitchInTransaction(Unavailable):
    message = "The tenant cannot change from {before} to {after} inside an open transaction."


_current: ContextVar[TenantInfo | None] = ContextVar("current_tenant")
_current.set(None)
"""The thread that starts the process works for the platform. In every other one somebody says whose turn it is."""

_NOBODY = object()
_at: ContextVar[str] = ContextVar("at_database", default=HOME)


def current_tenant() -> TenantInfo | None:
    """The tenant, or None: the platform itself, whose data is in the public schema."""
    return _current.get(None)


def is_tenant_set() -> bool:
    """Whether anybody has said whose turn it is. In a thread that was started without its starter's context nobody has:
    it would be the platform, which sees more than the tenant for whom it was started."""
    return _current.get(_NOBODY) is not _NOBODY


def current_schema() -> str:
    """Where the rows at hand stand."""
    tenant = _current.get(None)
    return tenant.schema if tenant else PUBLIC_SCHEMA


@contextmanager
def activate(tenant: TenantInfo | None) -> Iterator[None]:
    """Work for `tenant` (None: the platform) inside the block. Nests.

    Raises TenantSwitchInTransaction: rows of two tenants never share a transaction, since deferred
    triggers would fire under the other tenant's search path.
    """
    before = _current.get(None)
    _refuse_switch_in_transaction(before, tenant)
    token = _current.set(tenant)
    try:
        yield
    finally:
        _current.reset(token)


def current_database() -> str:
    """The key of the database in which the work at hand is done: the tenant's, else where `at_database` says."""
    tenant = _current.get(None)
    return (tenant.database if tenant else "") or _at.get()


@contextmanager
def at_database(key: str) -> Iterator[None]:
    """Do what is not one tenant's (migrations, spares) in another database than home. A tenant's own is always where
    the tenant lies. Raises DatabaseSwitchInTransaction."""
    if key != _at.get() and _in_transaction():
        raise DatabaseSwitchInTransaction(after=key)
    token = _at.set(key)
    try:
        yield
    finally:
        _at.reset(token)


def _refuse_switch_in_transaction(before: TenantInfo | None, after: TenantInfo | None) -> None:
    if _place(before) == _place(after):
        return
    if _in_transaction():
        raise TenantSwitchInTransaction(before=before or "the platform", after=after or "the platform")


def _place(tenant: TenantInfo | None) -> tuple[Any, ...] | None:
    """Where its work is done and as whom. What else is known of it may have changed meanwhile."""
    return (tenant.id, tenant.schema, tenant.role, tenant.database) if tenant else None


def _in_transaction() -> bool:
    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))
