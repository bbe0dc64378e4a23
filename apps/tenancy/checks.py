"""Start-up checks: settings under which one tenant could see another's data do not start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from apps.kernel import rls

from . import numbering

ENGINE = "apps.tenancy.backend"
KEY_FUNCTION = "apps.kernel.caching.make_key"


@register(Tags.security)
def tenants_are_kept_apart(**_: Any) -> list[CheckMessage]:
    """Engine, cache keys, sessions and transactions are as isolation needs them."""
    faults = {
        "tenancy.E001": (
            any(each["ENGINE"] != ENGINE for each in settings.DATABASES.values()),
            f"Every database must use the engine {ENGINE}, which follows the current tenant.",
        ),
        "tenancy.E002": (
            any(each.get("KEY_FUNCTION") != KEY_FUNCTION for each in settings.CACHES.values()),
            f"Every cache must have KEY_FUNCTION {KEY_FUNCTION}; without it tenants share keys.",
        ),
        "tenancy.E003": (
            settings.SESSION_ENGINE != "apps.tenancy.sessions",
            "Sessions must be in the tenant-scoped cache.",
        ),
        "tenancy.E004": (
            any(
                bool(each.get("ATOMIC_REQUESTS")) != (alias == "default" and _is_pooled(each))
                for alias, each in settings.DATABASES.items()
            ),
            "ATOMIC_REQUESTS must be off, since the bus opens the outermost transaction; only behind a transaction"
            " pooler it must be on, for the runtime.",
        ),
        "tenancy.E005": (
            "*" in settings.ALLOWED_HOSTS,
            "ALLOWED_HOSTS must not hold '*': the host chooses the tenant.",
        ),
    }
    return [Error(sentence, id=code) for code, (wrong, sentence) in faults.items() if wrong]


def _is_pooled(database: Mapping[str, Any]) -> bool:
    return bool(database.get("TENANCY", {}).get("pooled"))


@register()
def every_id_is_numbered(**_: Any) -> list[CheckMessage]:
    """The committed numbering knows every model and permission."""
    if numbering.committed() == numbering.completed():
        return []
    return [Warning("New models or permissions: run `manage.py number_ids`.", id="tenancy.W006")]


@register(Tags.database)
def the_database_keeps_tenants_apart(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """PostgreSQL is 18 or newer; the runtime's role can neither bypass policies nor change tables nor look into a
    tenant's schema; and every table that tenants share shows each its own rows."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(_ROLE)
        version, mighty, owned, entered = cursor.fetchone()
        cursor.execute(_UNGUARDED, [rls.OF_TENANTS])
        unguarded = ", ".join(name for (name,) in cursor.fetchall())
    faults = {
        "tenancy.E007": (version < 180000, "PostgreSQL 18 or newer is needed."),
        "tenancy.E008": (
            mighty,
            "The runtime's role must be neither superuser nor BYPASSRLS nor CREATEROLE.",
        ),
        "tenancy.E009": (owned > 0, "The runtime's role must own no table; migrations run as the owner."),
        "tenancy.E010": (
            unguarded,
            f"Tables of public hold tenants' rows without a policy; add EnableTenantRLS for {unguarded}.",
        ),
        "tenancy.E011": (
            entered,
            "The runtime's own role may use a tenant's schema; run deploy/roles.sql and `manage.py migrate_schemas`.",
        ),
    }
    return [Error(sentence, id=code) for code, (wrong, sentence) in faults.items() if wrong]


_ROLE = """
SELECT current_setting('server_version_num')::int,
       rolsuper OR rolbypassrls OR rolcreaterole,
       (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid),
       EXISTS (SELECT FROM pg_namespace JOIN tenancy_tenant ON schema_name = nspname
               WHERE has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'USAGE'))
FROM pg_roles WHERE rolname = session_user
"""

_UNGUARDED = """
SELECT relname::text FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attname = 'tenant_id' AND NOT attisdropped
  AND has_table_privilege('bursar_tables', pg_class.oid, 'SELECT')
  AND NOT (relrowsecurity AND relforcerowsecurity AND EXISTS (
      SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = %s))
ORDER BY relname
"""
