"""Schemas that another one has replaced. They are set aside for some days, and then dropped with the staging schemas of
killed restores."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from psycopg import sql

from apps.backups.exclusion import lock_of
from apps.kernel.clock import now
from apps.kernel.db.locks import advisory_lock
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant

from . import owner

RETENTION_DAYS = 7
"""How long a replaced schema is retained."""
_SET_ASIDE = re.compile(r"\A(?:before|moved)_\d+_(\d{20})\Z")
_STAGING = re.compile(r"\Arestoring_(\d+)\Z")


def set_aside(cursor: Any, tenant: Tenant, prefix: str) -> None:
    """Renames the tenant's schema and revokes all privileges, so that sessions waiting for a lock fail as well. `sweep`
    drops it after RETENTION_DAYS."""
    name = f"{prefix}_{tenant.pk}_{now():%Y%m%d%H%M%S%f}"
    owner.rename(cursor, tenant.schema_name, name)
    cursor.execute(
        "SELECT rolname FROM pg_namespace, aclexplode(nspacl) JOIN pg_roles ON pg_roles.oid = grantee"
        " WHERE nspname = %s AND grantee <> nspowner",
        [name],
    )
    schema = sql.Identifier(name)
    for (role,) in cursor.fetchall():
        cursor.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, sql.Identifier(role)))
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM bursar_tables").format(schema))


def sweep(at: str, *, by: str = "owner") -> list[str]:
    """Drops schemas of that role that were set aside more than RETENTION_DAYS ago, and staging schemas of killed
    restores. Returns their names."""
    obsolete = [name for name in _candidates(at, by) if _is_expired(name) or _is_orphaned(name)]
    for name in obsolete:
        owner.drop_schema(name, at, by=by)
    return obsolete


def _candidates(at: str, role: str) -> list[str]:
    with owner.cursor_as(role, at) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^(before|moved|restoring)_'"
            " AND pg_has_role(nspowner, 'USAGE')"
        )
        return [name for (name,) in cursor.fetchall()]


def _is_expired(name: str) -> bool:
    stamp = _SET_ASIDE.match(name)
    if stamp is None:
        return False
    at = dt.datetime.strptime(stamp[1], "%Y%m%d%H%M%S%f").replace(tzinfo=dt.UTC)
    return at < now() - dt.timedelta(days=RETENTION_DAYS)


def _is_orphaned(name: str) -> bool:
    """A staging schema without a running restore."""
    number = _STAGING.match(name)
    if number is None:
        return False
    with activate(None), advisory_lock(lock_of(number[1])) as is_acquired:
        return is_acquired
