"""What a move leaves in the source database: the schema is set aside, and undelivered events are deleted."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.backups import queries
from apps.backups.exclusion import transfer_lock
from apps.backups.files import outbox
from apps.backups.schemas import owner, replaced
from apps.kernel.db import databases
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror
from apps.tenancy.schema_names import tenant_schema_pattern


def retire_source(tenant: Tenant) -> None:
    """In every database but the tenant's current one."""
    for key in queries.owned_databases():
        if key != tenant.database:
            _retire(tenant, key)


def retire_sources() -> int:
    """Retires sources of moves that were completed without access to the source database. Returns how many."""
    count = 0
    for key in queries.owned_databases():
        with databases.skip_if_unreachable(key):
            for tenant in _moved_from(key):
                with transfer_lock(tenant.info):
                    retire_source(tenant)
                count += 1
    return count


def _retire(tenant: Tenant, key: str) -> None:
    with owner.as_owner(key) as cursor, transaction.atomic(using=databases.at("owner", key)):
        if owner.exists(cursor, tenant.schema_name):
            replaced.set_aside(cursor, tenant, "moved")
    outbox.remove(tenant.pk, key)
    tenant_mirror.delete(Tenant(pk=tenant.pk, database=key))


def _moved_from(key: str) -> Sequence[Tenant]:
    """Tenants that have a schema in this database, but are in another one by the directory."""
    with owner.as_owner(key) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s",
            [tenant_schema_pattern()],
        )
        names = [name for (name,) in cursor.fetchall()]
    return [*Tenant.objects.filter(schema_name__in=names).exclude(database=key)]
