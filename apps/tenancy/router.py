"""Routes models to schemas, and platform tables to their connection."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Model
from django_tenants.routers import TenantSyncRouter

from apps.kernel.db import replica, row_guard
from apps.kernel.tenant import HOME, current_database, current_tenant

CONTROL = frozenset({"tenancy", "billing"})
"""Apps with tables in the public schema only, on which a tenant's role has no rights."""


class SchemaRouter(TenantSyncRouter):
    """Tables of SHARED_APPS are in public, those of TENANT_APPS in each tenant's schema; an app in both has both.
    Only the owner migrates.

    During the work of a tenant, or in a database other than home, platform tables are read through `control`: with the
    platform's role and outside the tenant's transaction, since a tenant's role has no rights on them.
    """

    def db_for_read(self, model: type[Model], instance: Model | None = None, **_: Any) -> str | None:
        _must_be_here(instance)
        if _is_elsewhere(model):
            return row_guard.CONTROL
        loaded_from = instance._state.db if instance is not None else None
        return replica.alias_for_reads() if loaded_from in (None, *_EITHER) else None

    def db_for_write(self, model: type[Model], instance: Model | None = None, **_: Any) -> str | None:
        _must_be_here(instance)
        replica.note_write()
        if _is_elsewhere(model):
            return row_guard.CONTROL
        return replica.PRIMARY if instance is not None and instance._state.db == replica.REPLICA else None

    def allow_relation(self, one: Model, other: Model, **_: Any) -> bool | None:
        """Platform rows may be related whichever connection loaded them, and a row from a replica equals that of its
        primary. Rows of two tenants may never be related."""
        _must_be_here(one)
        _must_be_here(other)
        return (
            {one._meta.app_label, other._meta.app_label} <= CONTROL
            or {one._state.db, other._state.db} <= _EITHER
            or None
        )

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        if db.partition("@")[0] != "owner":
            return False
        apps = settings.TENANT_APPS if current_tenant() else settings.SHARED_APPS
        return bool(self.app_in_list(app_label, apps))


_EITHER = {replica.PRIMARY, replica.REPLICA}


def _must_be_here(row: Model | None) -> None:
    """A row loaded through `control` is also saved through it."""
    if row is not None and row._state.db != row_guard.CONTROL:
        row_guard.row_must_be_of_tenant(row)


def _is_elsewhere(model: type[Model]) -> bool:
    return model._meta.app_label in CONTROL and bool(current_tenant() or current_database() != HOME)
