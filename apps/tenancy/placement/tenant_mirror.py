"""The row of a tenant in its own database, if that is not home. Only that database's functions read it, before they
drop a schema; the directory is in the home database."""

from __future__ import annotations

from apps.kernel.db import databases
from apps.kernel.tenant import HOME
from apps.tenancy.models import Tenant

MIRRORED_FIELDS = ("slug", "schema_name", "role_name", "state", "delete_after", "database")


def update(tenant: Tenant) -> None:
    """Copy the tenant's row from home to its database."""
    if tenant.database == HOME:
        return
    values = {field.attname: getattr(tenant, field.attname) for field in Tenant._meta.concrete_fields}
    mirror = Tenant(**values | {"sandbox_of_id": None})
    Tenant.objects.using(_alias(tenant)).bulk_create(
        [mirror], update_conflicts=True, unique_fields=["id"], update_fields=MIRRORED_FIELDS
    )


def delete(tenant: Tenant) -> None:
    if tenant.database != HOME:
        Tenant.objects.using(_alias(tenant)).filter(pk=tenant.pk).delete()


def _alias(tenant: Tenant) -> str:
    return databases.at("default", tenant.database)
