"""The current tenant, in a context variable.

Only `activate()` sets it. The database backend, cache keys, task headers and logs all read it here. Context variables
make it correct in threads, async code and workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from .errors import Unavailable

PUBLIC_SCHEMA = "public"
HOME = "home"
"""The key of the database that holds the platform's own rows."""


@dataclass(frozen=True, slots=True)
class TenantInfo:
    """The properties of a tenant that all layers need. Frozen and plain, so that nothing is loaded lazily.

    epoch     a fencing token: incremented to invalidate all cached data about the tenant at once (suspension, move)
    mode      normal, read_only or maintenance, beside its state
    role      the only PostgreSQL role that may use the schema; empty for the template schema
    database  the key of the database with the schema
    sandbox   it is a copy for experiments, which sends nothing to other systems
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

    @property
    def pk(self) -> int:
        """As of the tenant's row, for third-party code."""
        return self.id

    @property
    def schema_name(self) -> str:
        """As of the tenant's row, for third-party code."""
        return self.schema


class DatabaseSwitchInTransaction(Unavailable):
    message = _("The database cannot change to {after} inside an open transaction.")


class TenantSwitchInTransaction(Unavailable):
    message = _("The tenant cannot change from {before} to {after} inside an open transaction.")


_current: ContextVar[TenantInfo | None] = ContextVar("current_tenant")
_current.set(None)
"""The main thread works for the platform. Every other thread must activate a tenant or the platform first."""

_NOT_SET = object()
_at: ContextVar[str] = ContextVar("at_database", default=HOME)


def current_tenant() -> TenantInfo | None:
    """The tenant, or None: the platform itself, whose data is in the public schema."""
    return _current.get(None)


def is_tenant_set() -> bool:
    """Whether a tenant or the platform is active. A thread started without a copy of its parent's context has neither;
    treating it as the platform would give it access to more than its tenant."""
    return _current.get(_NOT_SET) is not _NOT_SET


def current_schema() -> str:
    """The schema of the current tenant, or `public`."""
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
    """The key of the current database: that of the tenant, else the one set by `at_database`."""
    tenant = _current.get(None)
    return (tenant.database if tenant else "") or _at.get()


@contextmanager
def at_database(key: str) -> Iterator[None]:
    """Work of the platform (migrations, spares) in a database other than home. An active tenant's database takes
    precedence. Raises DatabaseSwitchInTransaction."""
    if key != _at.get() and _in_transaction():
        raise DatabaseSwitchInTransaction(after=key)
    token = _at.set(key)
    try:
        yield
    finally:
        _at.reset(token)


def _refuse_switch_in_transaction(before: TenantInfo | None, after: TenantInfo | None) -> None:
    if _location(before) == _location(after):
        return
    if _in_transaction():
        raise TenantSwitchInTransaction(before=before or "the platform", after=after or "the platform")


def _location(tenant: TenantInfo | None) -> tuple[Any, ...] | None:
    """The schema, role and database of its work. Its other properties may differ between two loads."""
    return (tenant.id, tenant.schema, tenant.role, tenant.database) if tenant else None


def _in_transaction() -> bool:
    return any(connection.in_atomic_block for connection in connections.all(initialized_only=True))
