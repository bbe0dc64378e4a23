"""Start-up checks of tenant isolation: invalid settings prevent the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.kernel.db import databases as kernel_databases
from apps.kernel.db import rls
from apps.kernel.db.request_transactions import OfTenants
from apps.kernel.tenant import HOME

from . import numbering
from .placement.checks import of_poolers

ENGINE = "apps.tenancy.backend"
KEY_FUNCTION = "apps.kernel.cache.keys.make_key"


@register(Tags.security)
def settings_isolate_tenants(**_: Any) -> list[CheckMessage]:
    """Engine, cache keys, sessions and transactions meet the requirements of isolation."""
    faults = {
        "tenancy.E001": (
            any(database["ENGINE"] != ENGINE for database in settings.DATABASES.values()),
            f"Every database must use the engine {ENGINE}, which follows the current tenant.",
        ),
        "tenancy.E002": (
            any(cache.get("KEY_FUNCTION") != KEY_FUNCTION for cache in settings.CACHES.values()),
            f"Every cache must have KEY_FUNCTION {KEY_FUNCTION}; without it tenants share keys.",
        ),
        "tenancy.E003": (
            settings.SESSION_ENGINE != "apps.tenancy.sessions",
            "Sessions must be in the tenant-scoped cache.",
        ),
        "tenancy.E004": (
            not all(
                _has_valid_transactions(alias, database) for alias, database in settings.DATABASES.items()
            ),
            "ATOMIC_REQUESTS must be off, since the bus opens the outermost transaction; only behind a transaction"
            " pooler it must be OfTenants(), for the runtime.",
        ),
        "tenancy.E005": (
            "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must not hold '*': the host chooses the tenant.",
        ),
    }
    return [Error(sentence, id=code) for code, (wrong, sentence) in faults.items() if wrong]


def _has_valid_transactions(alias: str, database: Mapping[str, Any]) -> bool:
    atomic = database.get("ATOMIC_REQUESTS", False)
    return isinstance(atomic, OfTenants) if alias == "default" and _is_pooled(database) else atomic is False


def _is_pooled(database: Mapping[str, Any]) -> bool:
    return bool(database.get("TENANCY", {}).get("pooled"))


@register()
def every_id_is_numbered(**_: Any) -> list[CheckMessage]:
    """Every model and permission has a committed number."""
    if numbering.committed() == numbering.completed():
        return []
    return [Warning("New models or permissions: run `manage.py number_ids`.", id="tenancy.W006")]


@register(Tags.database)
def databases_isolate_tenants(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Home and each shard. An unreachable shard affects its own tenants only, so it is a warning."""
    if "default" not in (databases or ()):
        return []
    return [fault for key in kernel_databases.known() for fault in _faults_of(key)]


def _faults_of(key: str) -> list[CheckMessage]:
    connection = connections[kernel_databases.at("default", key)]
    try:
        return [*_of_roles_and_tables(connection, key), *of_poolers(connection, key)]
    except OperationalError as error:
        if key == HOME:
            raise
        connection.close()
        return [
            Warning(
                f"The database is unreachable and could not be checked: {error}", obj=key, id="tenancy.W013"
            )
        ]


def _of_roles_and_tables(connection: BaseDatabaseWrapper, key: str) -> list[CheckMessage]:
    """PostgreSQL is 18 or newer; the runtime's role, and each role that it can take, can neither bypass policies nor
    change tables nor use a tenant's schema; and every shared table has a policy that shows a tenant its own rows."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        version, privileged, owned, entered = cursor.fetchone()
        cursor.execute(_UNGUARDED, [rls.OF_TENANTS])
        unguarded = ", ".join(name for (name,) in cursor.fetchall())
    faults = {
        "tenancy.E007": (version < 180000, "PostgreSQL 18 or newer is needed."),
        "tenancy.E008": (
            privileged,
            "The runtime's role must be no superuser, owner of anything, BYPASSRLS, CREATEROLE or REPLICATION, nor be"
            f" able to act as such a role or as another role of Bursar; it can act as {privileged}.",
        ),
        "tenancy.E009": (owned, "The runtime's role must own nothing; migrations run as the owner."),
        "tenancy.E010": (
            unguarded,
            f"Tables of public hold tenants' rows without a policy; add EnableTenantRLS for {unguarded}.",
        ),
        "tenancy.E011": (
            entered,
            f"The runtime may use a tenant's schema without taking that tenant's role, as {entered};"
            " run deploy/roles.sql and `manage.py migrate_schemas`.",
        ),
    }
    return [Error(sentence, obj=key, id=code) for code, (wrong, sentence) in faults.items() if wrong]


_ROLE = """
WITH RECURSIVE reached AS (
    SELECT oid, rolname, false AS is_tenants FROM pg_roles WHERE rolname = session_user
    UNION
    SELECT granted.oid, granted.rolname, granted.rolname ~ '^bursar_t_[0-9]+_[0-9]+$'
    FROM reached
    JOIN pg_auth_members ON member = reached.oid AND (inherit_option OR set_option OR admin_option)
    JOIN pg_roles AS granted ON granted.oid = roleid
    WHERE NOT (is_tenants AND granted.rolname = 'bursar_tables')
), here AS (
    SELECT oid FROM pg_database WHERE datname = current_database()
), owners AS (
    SELECT refobjid AS oid FROM pg_shdepend, here
    WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o'
      AND (dbid = here.oid OR (classid = 'pg_database'::regclass AND objid = here.oid))
), privileged AS (
    SELECT rolname FROM reached JOIN pg_roles USING (oid, rolname)
    WHERE rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication
       OR rolname <> session_user AND (
           oid IN (SELECT oid FROM owners)
        OR oid IN (SELECT unnest(polroles) FROM pg_policy)
        OR rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                       'pg_execute_server_program'))
), entered AS (
    SELECT rolname FROM reached WHERE NOT is_tenants AND EXISTS (
        SELECT FROM pg_class WHERE relname = 'django_migrations' AND relnamespace <> 'public'::regnamespace
           AND has_schema_privilege(reached.oid, relnamespace, 'USAGE'))
)
SELECT current_setting('server_version_num')::int,
       (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM privileged),
       EXISTS (SELECT FROM reached JOIN owners USING (oid) WHERE rolname = session_user),
       (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM entered)
"""
"""A member inherits a role, may take it, or may grant it to itself. The runtime may take each tenant's role, one at a
time; the rights of those roles are excluded."""

_UNGUARDED = """
SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attname = 'tenant_id' AND NOT attisdropped
  AND has_table_privilege('bursar_tables', pg_class.oid, 'SELECT')
  AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (
      SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = %s))
ORDER BY relname
"""
