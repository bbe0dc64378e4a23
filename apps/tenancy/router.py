"""Which tables stand in which schema, and over which connection the platform's own are reached."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model
from django_tenants.routers import TenantSyncRouter

from apps.kernel.tenant import current_tenant

CONTROL = frozenset({"tenancy", "billing"})
"""The apps whose tables stand in public alone: a tenant's role has no right to them."""


class SchemaRouter(TenantSyncRouter):  # type: ignore[misc]
    """SHARED_APPS stand in public, TENANT_APPS in each tenant's schema; an app in both is the platform's own and
    each tenant's. Only the owner migrates.

    While a tenant's work is done, what the platform alone knows is read through `control`, in the platform's role
    and outside of the tenant's transaction (decision C29).
    """

    def db_for_read(self, model: type[Model], **_: Any) -> str | None:
        return "control" if model._meta.app_label in CONTROL and current_tenant() else None

    db_for_write = db_for_read

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool | None:
        """Two rows of the platform's may meet, whichever connection brought them."""
        return {one._meta.app_label, other._meta.app_label} <= CONTROL or None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if db != "owner":
            return False
        apps = settings.TENANT_APPS if current_tenant() else settings.SHARED_APPS
        return bool(self.app_in_list(app_label, apps))
