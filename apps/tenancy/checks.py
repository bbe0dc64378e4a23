"""Start-up checks: settings under which one tenant could see another's data do not start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.kernel import databases as kernel_databases
from apps.kernel import rls
from apps.kernel.tenant import HOME
from apps.kernel.transactions import OfTenants

from . import numbering
from .databases.checks import of_poolers

ENGINE = "apps.tenancy.backend"
KEY_FUNCTION = "apps.kernel.caching.make_key"


@register(Tags.security)
def tenants_are_kept_apart(**_: Any) -> list[CheckMessage]:
    """Engine, cache keys, sessions and transactions are as isolation needs them."""
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
            not all(_has_the_right_requests(alias, each) for alias, each in settings.DATABASES.items()),
            "ATOMIC_REQUESTS must be off, since the bus opens the outermost transaction; only behind a transaction"
            " pooler it must be OfTenants(), for the runtime.",
        ),
        "tenancy.E005": (
            "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must not hold '*': the host chooses the tenant.",
        ),
    }
    return [Error(sentence, id=code) for code, (wrong, sentence) in faults.items() if wrong]


def _has_the_right_requests(alias: str, database: Mapping[str, Any]) -> bool:
    said = database.get("ATOMIC_REQUESTS", False)
    return isinstance(said, OfTenants) if alias == "default" and _is_pooled(database) else said is False


def _is_pooled(database: Mapping[str, Any]) -> bool:
    return bool(database.get("TENANCY", {}).get("pooled"))


@register()
def every_id_is_numbered(**_: Any) -> list[CheckMessage]:
    """The committed numbering knows every model and permission."""
    if numbering.committed() == numbering.completed():
        return []
    return [Warning("New models or permissions: run `manage.py number_ids`.", id="tenancy.W006")]


@register(Tags.database)
def every_database_keeps_tenants_apart(
    databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Home and each shard. A shard that is away stops nobody but its own tenants, so it is a warning."""
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
        return [Warning(f"It is away, and nobody knows what it is like: {error}", obj=key, id="tenancy.W013")]


def _of_roles_and_tables(connection: BaseDatabaseWrapper, key: str) -> list[CheckMessage]:
    """PostgreSQL is 18 or newer; the runtime's role, and whatever role it could take, can neither bypass policies nor
    change tables nor look into a tenant's schema; and every table that tenants share shows each its own rows."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        version, mighty, owned, entered = cursor.fetchone()
        cursor.execute(_UNGUARDED, [rls.OF_TENANTS])
        unguarded = ", ".join(name for (name,) in cursor.fetchall())
    faults = {
        "tenancy.E007": (version < 180000, "PostgreSQL 18 or newer is needed."),
        "tenancy.E008": (
            mighty,
            "The runtime's role must be no superuser, owner of anything, BYPASSRLS, CREATEROLE or REPLICATION, nor be"
            f" able to act as one who is or as another role of the house; it can act as {mighty}.",
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
), mighty AS (
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
       (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM mighty),
       EXISTS (SELECT FROM reached JOIN owners USING (oid) WHERE rolname = session_user),
       (SELECT string_agg(rolname, ', ' ORDER BY rolname) FROM entered)
"""
"""A member is whoever inherits a role, may take it, or may grant it to himself. Of the tenants' roles, which it takes
one at a time, the runtime has each; what they may do is theirs."""

_UNGUARDED = """
SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attname = 'tenant_id' AND NOT attisdropped
  AND has_table_privilege('bursar_tables', pg_class.oid, 'SELECT')
  AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (
      SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = %s))
ORDER BY relname
"""
