"""The window of an online move in which a tenant is read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from psycopg import sql

from apps.backups.errors import ReplicaLagging
from apps.backups.files import outbox
from apps.backups.schemas import catalogue
from apps.backups.schemas.catalogue import Table
from apps.backups.waiting import wait_until
from apps.kernel.db import databases
from apps.tenancy import directory
from apps.tenancy.models import Tenant

WINDOW_TIMEOUT_S = 15.0
POLL_INTERVAL_S = 0.01
_RIGHTS = """
SELECT format('%%s ON TABLE %%s', privilege_type, pg_class.oid::regclass) FROM pg_class, aclexplode(relacl)
WHERE relnamespace = %(schema)s::regnamespace AND relkind = 'r' AND grantee = 'bursar_tables'::regrole
  AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
UNION ALL
SELECT format('EXECUTE ON FUNCTION %%s', pg_proc.oid::regprocedure) FROM pg_proc, aclexplode(proacl)
WHERE pronamespace = %(schema)s::regnamespace AND prosecdef AND grantee = 'bursar_tables'::regrole
"""
"""To write: rights on tables, and on functions that write as the owner."""
Rights = Sequence[str]
"""`INSERT ON TABLE …`."""


@contextmanager
def write_window(tenant: Tenant, tables: Sequence[Table], source: Any) -> Iterator[None]:
    """Sets the mode to read-only, waits for pending events, then revokes the role's rights: the database refuses writes
    of processes that still have the old mode in their cache. After a failure the rights are granted again."""
    mode = tenant.mode
    _set_mode(tenant, Tenant.Mode.READ_ONLY)
    rights = _rights(source, tenant.schema_name)
    try:
        must_finish(lambda: not outbox.count_due(source, tenant.pk), tenant, "events")
        _change_rights(source, "REVOKE {} FROM bursar_tables", rights)
        _wait_for_writers(tenant, tables, source)
        yield
    except BaseException:
        _change_rights(source, "GRANT {} TO bursar_tables", rights)
        raise
    finally:
        _set_mode(tenant, mode)


def must_finish(
    condition: Callable[[], bool], tenant: Tenant, awaited: str, timeout_s: float = WINDOW_TIMEOUT_S
) -> None:
    """Waits for it. Raises ReplicaLagging."""
    if not wait_until(condition, timeout_s, interval_s=POLL_INTERVAL_S):
        raise ReplicaLagging(name=tenant.name, waiting=awaited)


def _set_mode(tenant: Tenant, mode: str) -> None:
    tenant.mode = mode
    tenant.save(update_fields=["mode"])
    directory.changed()


def _rights(source: Any, schema: str) -> Rights:
    source.execute(_RIGHTS, {"schema": schema})
    return [right for (right,) in source.fetchall()]


def _change_rights(source: Any, statement: str, rights: Rights) -> None:
    for right in rights:
        source.execute(sql.SQL(statement).format(sql.SQL(right)))


def _wait_for_writers(tenant: Tenant, tables: Sequence[Table], source: Any) -> None:
    names = catalogue.names(tenant.schema_name, tables)
    with transaction.atomic(using=databases.at("owner", tenant.database)):
        source.execute(f"SET LOCAL lock_timeout = '{WINDOW_TIMEOUT_S:.0f}s'")
        source.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(names))
