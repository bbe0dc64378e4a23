"""A connection that always looks where the current tenant's data is.

Search path and `app.current_tenant` go to the server in one statement, and only when they differ from what this
very connection already holds; a request that asks nothing of the database sends none.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base
from psycopg import sql

from apps.kernel.tenant import PUBLIC_SCHEMA, current_tenant

_APPLY = "SELECT set_config('search_path', %s, false), set_config('app.current_tenant', %s, false)"


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own PostgreSQL engine with the tenant applied before each statement that needs it.

    It hangs on four of the engine's inner methods, of which the stubs know nothing.
    """

    _applied: tuple[str, str] | None = None
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

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)  # type: ignore[misc]
        self._apply_tenant()
        return cursor

    def _apply_tenant(self) -> None:
        wanted = self._wanted()
        if self._applied == wanted or self._applying or self.connection is None:
            return
        self._applying = True
        try:
            # As Django's own statements: a lost server is Django's OperationalError, which those who try again know.
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(_APPLY, wanted)
            self._applied = wanted
        finally:
            self._applying = False

    def _wanted(self) -> tuple[str, str]:
        tenant = current_tenant()
        if tenant is None:
            return PUBLIC_SCHEMA, ""
        schema = sql.Identifier(tenant.schema).as_string(None)
        return f"{schema}, {PUBLIC_SCHEMA}", str(tenant.id)

    # What a rollback takes back on the server is forgotten here, and so is everything with the connection.

    def connect(self) -> None:
        self._applied, self._applying = None, True  # Django asks the version while it connects
        try:
            super().connect()
        finally:
            self._applying = False

    def close(self) -> None:
        self._applied = None
        super().close()

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._applied = None

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self._applied = None
