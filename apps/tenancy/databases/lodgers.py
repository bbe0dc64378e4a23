"""A tenant in another database than home has a row there too, which nobody asks but that database's own functions:
before they drop a schema they look what it is. The directory is home's."""

from __future__ import annotations

from apps.kernel import databases
from apps.kernel.tenant import HOME
from apps.tenancy.models import Tenant

NOTED = ("slug", "schema_name", "role_name", "state", "delete_after", "database")


def note(tenant: Tenant) -> None:
    """Tell its database what home knows of it now."""
    if tenant.database == HOME:
        return
    known = {field.attname: getattr(tenant, field.attname) for field in Tenant._meta.concrete_fields}
    there = Tenant(**known | {"sandbox_of_id": None})
    Tenant.objects.using(_there(tenant)).bulk_create(
        [there], update_conflicts=True, unique_fields=["id"], update_fields=NOTED
    )


def forget(tenant: Tenant) -> None:
    if tenant.database != HOME:
        Tenant.objects.using(_there(tenant)).filter(pk=tenant.pk).delete()


def _there(tenant: Tenant) -> str:
    return databases.at("default", tenant.database)
