"""A database connection that follows the current tenant.

Search path, `app.current_tenant` and role are sent in one statement, and only if they differ from those of the
connection. A request without queries sends nothing.
"""

from __future__ import annotations

import sys
from functools import cached_property
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import InternalError
from django.db.backends.postgresql import base
from psycopg import sql
from psycopg.pq import TransactionStatus

from apps.kernel.db.outcome import Waiting
from apps.kernel.tenant import PUBLIC_SCHEMA, TenantInfo, current_tenant, is_tenant_set

from . import contexts
from .errors import OutsideTransaction, TenantNotSet
from .schema import SchemaEditor

_APPLY = (
    "SELECT set_config('search_path', %s, {local}), set_config('app.current_tenant', %s, {local}),"
    " set_config('role', %s, {local})"
)
APPLY_FOR_SESSION, APPLY_FOR_TRANSACTION = _APPLY.format(local="false"), _APPLY.format(local="true")


class SessionSettings(NamedTuple):
    """The settings of the database session for a tenant."""

    search_path: str
    tenant: str
    role: str


PLATFORM = SessionSettings(PUBLIC_SCHEMA, "", "none")


class _Engine(base.DatabaseWrapper):
    """Django's engine, with the private methods that its stubs lack."""

    if TYPE_CHECKING:

        def _cursor(self, name: str | None = None) -> Any: ...
        def _commit(self) -> None: ...
        def _rollback(self) -> None: ...
        def _set_autocommit(self, autocommit: bool) -> None: ...
        def _savepoint(self, sid: str) -> None: ...
        def _savepoint_rollback(self, sid: str) -> None: ...


class DatabaseWrapper(_Engine):
    """Django's own PostgreSQL engine with the tenant applied before each statement that needs it.

    It overrides six private methods of the engine. Its options are under `TENANCY` in the
    database's settings: `role` (take the tenant's role; off for the owner and the relay, which use their own),
    `platform` (always work as the platform), `pooled` (behind a transaction pooler: the settings are sent for one
    transaction).
    """

    SchemaEditorClass = SchemaEditor
    include_public_schema = True

    _applied: SessionSettings | None = None
    _is_sending = False

    @cached_property
    def waiting(self) -> Waiting:
        """Audit records, idempotency keys and events that the unit of work writes at its end."""
        return Waiting()

    @property
    def tenant(self) -> TenantInfo | contexts.PlatformTenant | None:
        """The current tenant, for code that was written for django-tenants; None in a thread without one."""
        if not is_tenant_set():
            return None
        return self._current() or contexts.PLATFORM_TENANT

    @property
    def schema_name(self) -> str:
        tenant = self._current()
        return tenant.schema if tenant else PUBLIC_SCHEMA

    def set_tenant(self, tenant: Any, *_: Any, **__: Any) -> None:
        """Refused, except for `tenant_context`: the tenant is set by blocks alone, which have an end."""
        self._switch(tenant, sys._getframe(1).f_code)

    def set_schema(self, schema_name: str, *_: Any, **__: Any) -> None:
        """Refused, except for `schema_context`."""
        self._switch(schema_name, sys._getframe(1).f_code)

    def set_schema_to_public(self, *_: Any, **__: Any) -> None:
        """Refused, except for the two contexts."""
        self._switch(PUBLIC_SCHEMA, sys._getframe(1).f_code)

    def _switch(self, subject: Any, caller: CodeType) -> None:
        if self._is("platform"):
            raise RuntimeError("This connection always works as the platform; no context changes that.")
        contexts.switch(subject, caller)

    def _current(self) -> TenantInfo | None:
        return None if self._is("platform") else current_tenant()

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)
        self._apply_tenant()
        return cursor

    def _apply_tenant(self) -> None:
        wanted = self._wanted()
        if self._applied == wanted or self._is_sending or self.connection is None:
            return
        if self._is("pooled") and not self.in_atomic_block:
            # The next statement may run on another server connection with other settings. The defaults of a login are
            # those of the platform, so the platform needs no statement.
            if wanted == PLATFORM:
                return
            raise OutsideTransaction(tenant=wanted.tenant)
        self._is_sending = True
        try:
            # Errors are wrapped as by Django: callers that retry expect its OperationalError for a lost server.
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(APPLY_FOR_TRANSACTION if self._is("pooled") else APPLY_FOR_SESSION, wanted)
            self._applied = wanted
        finally:
            self._is_sending = False

    def _wanted(self) -> SessionSettings:
        tenant = self._current()
        if self._is("role") and not is_tenant_set():
            raise TenantNotSet
        if tenant is None:
            return PLATFORM
        schema = sql.Identifier(tenant.schema).as_string(None)
        role = tenant.role if tenant.role and self._is("role") else "none"
        return SessionSettings(f"{schema}, {PUBLIC_SCHEMA}", str(tenant.id), role)

    def _is(self, setting: str) -> bool:
        return bool(self.settings_dict.get("TENANCY", {}).get(setting))

    # The server drops the settings with the transaction or the connection; so does this cache. What waits to be
    # written ends with its savepoint or transaction too.

    def connect(self) -> None:
        self._applied, self._is_sending = None, True  # Django asks the version while it connects
        try:
            super().connect()
        finally:
            self._is_sending = False

    def close(self) -> None:
        self._applied = None
        super().close()

    def _set_autocommit(self, autocommit: bool) -> None:
        self.waiting.clear()
        super()._set_autocommit(autocommit)

    def _commit(self) -> None:
        if self.waiting:
            raise InternalError("The transaction has an outcome that its unit of work did not write.")
        # After a suppressed error, PostgreSQL silently rolls back on COMMIT.
        is_undone = (
            bool(self.connection) and self.connection.info.transaction_status == TransactionStatus.INERROR
        )
        super()._commit()
        if is_undone or self._is("pooled"):
            self._applied = None

    def _rollback(self) -> None:
        self.waiting.clear()
        super()._rollback()
        self._applied = None

    def _savepoint(self, sid: str) -> None:
        super()._savepoint(sid)
        self.waiting.note_savepoint(sid)

    def _savepoint_rollback(self, sid: str) -> None:
        self.waiting.cut_back(sid)
        super()._savepoint_rollback(sid)
        self._applied = None
