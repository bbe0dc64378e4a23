"""A connection that always looks where the current tenant's data is, and as whom.

Search path, `app.current_tenant` and role go to the server in one statement, and only when they differ from what this
very connection already holds; a request that asks nothing of the database sends none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.backends.postgresql import base
from psycopg import sql
from psycopg.pq import TransactionStatus

from apps.kernel.tenant import PUBLIC_SCHEMA, current_tenant, is_tenant_set

from .errors import OutsideTransaction, TenantNotSet
from .schema import SchemaEditor

_APPLY = (
    "SELECT set_config('search_path', %s, {local}), set_config('app.current_tenant', %s, {local}),"
    " set_config('role', %s, {local})"
)
APPLY_FOR_SESSION, APPLY_FOR_TRANSACTION = _APPLY.format(local="false"), _APPLY.format(local="true")


class Place(NamedTuple):
    """Where a statement is to look, for whom, and in which role."""

    path: str
    tenant: str
    role: str


PLATFORM = Place(PUBLIC_SCHEMA, "", "none")


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own PostgreSQL engine with the tenant applied before each statement that needs it.

    It hangs on five of the engine's inner methods, of which the stubs know nothing. Its own settings are under
    `TENANCY` in the database's: `role` (take the tenant's role; off for the owner and the relay, which work as
    themselves), `platform` (always work as the platform, whoever's turn it is), `pooled` (a transaction pooler stands
    between, so everything is set for one transaction).
    """

    SchemaEditorClass = SchemaEditor

    _applied: Place | None = None
    _applying = False

    @property
    def schema_name(self) -> str:
        """What django-tenants' router and tools ask for."""
        tenant = current_tenant()
        return tenant.schema if tenant else PUBLIC_SCHEMA

    def set_tenant(self, *_: Any, **__: Any) -> None:
        """There is one way to choose a tenant, and it is not this one."""
        raise RuntimeError("The current tenant is set by apps.kernel.tenant.activate() alone.")

    set_schema = set_schema_to_public = set_tenant
    tenant = property(set_tenant)

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)  # type: ignore[misc]
        self._apply_tenant()
        return cursor

    def _apply_tenant(self) -> None:
        wanted = self._wanted()
        if self._applied == wanted or self._applying or self.connection is None:
            return
        if self._is("pooled") and not self.in_atomic_block:
            # The next statement may run on another server connection, whose place is anybody's. A login's own is the
            # platform's, which nothing has to be said for.
            if wanted == PLATFORM:
                return
            raise OutsideTransaction(tenant=wanted.tenant)
        self._applying = True
        try:
            # As Django's own statements: a lost server is Django's OperationalError, which those who try again know.
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(APPLY_FOR_TRANSACTION if self._is("pooled") else APPLY_FOR_SESSION, wanted)
            self._applied = wanted
        finally:
            self._applying = False

    def _wanted(self) -> Place:
        tenant = None if self._is("platform") else current_tenant()
        if self._is("role") and not is_tenant_set():
            raise TenantNotSet
        if tenant is None:
            return PLATFORM
        schema = sql.Identifier(tenant.schema).as_string(None)
        role = tenant.role if tenant.role and self._is("role") else "none"
        return Place(f"{schema}, {PUBLIC_SCHEMA}", str(tenant.id), role)

    def _is(self, setting: str) -> bool:
        return bool(self.settings_dict.get("TENANCY", {}).get(setting))

    # What ends on the server with a transaction, or with the connection, is forgotten here as well.

    def connect(self) -> None:
        self._applied, self._applying = None, True  # Django asks the version while it connects
        try:
            super().connect()
        finally:
            self._applying = False

    def close(self) -> None:
        self._applied = None
        super().close()

    def _commit(self) -> None:
        # After an error that somebody has swallowed, PostgreSQL rolls back on COMMIT and does not say so.
        is_undone = (
            bool(self.connection) and self.connection.info.transaction_status == TransactionStatus.INERROR
        )
        super()._commit()  # type: ignore[misc]
        if is_undone or self._is("pooled"):
            self._applied = None

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._applied = None

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._applied = None
