"""The switch of a moved tenant: from here on the directory names its new database."""

from __future__ import annotations

from django.db import transaction

from apps.tenancy import directory
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror


def switch_directory(tenant: Tenant, to: str, role: str) -> None:
    """The row in the target database is written first: a rollback deletes it, and the directory decides."""
    with transaction.atomic():
        tenant.refresh_from_db(from_queryset=Tenant.objects.select_for_update())
        tenant.database, tenant.role_name = to, role
        tenant.epoch += 1
        tenant_mirror.update(tenant)
        tenant.save(update_fields=["database", "role_name", "epoch"])
    directory.changed()
