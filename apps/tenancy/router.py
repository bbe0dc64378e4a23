"""Which tables stand in which schema."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_tenants.routers import TenantSyncRouter

from apps.kernel.tenant import current_tenant


class SchemaRouter(TenantSyncRouter):  # type: ignore[misc]
    """SHARED_APPS stand in public, TENANT_APPS in each tenant's schema; an app in both is the platform's own and
    each tenant's. Only the owner migrates."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        if db != "owner":
            return False
        apps = settings.TENANT_APPS if current_tenant() else settings.SHARED_APPS
        return bool(self.app_in_list(app_label, apps))
