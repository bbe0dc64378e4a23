"""Queries on tenants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from apps.kernel.tenant import TenantInfo

from . import directory
from .errors import TenantUnknown
from .models import ScheduledRun, ScheduledRunQuerySet, Tenant


def tenant_named(slug: str) -> TenantInfo:
    """From the cache. Raises TenantUnknown."""
    return directory.existing(directory.by_slug(slug), slug)


def active_tenants() -> list[TenantInfo]:
    """Every tenant that is open to its users, by slug."""
    return [tenant.info for tenant in Tenant.objects.filter(state__in=Tenant.OPEN).order_by("slug")]


def find(**criteria: Any) -> Tenant | None:
    """The row of the tenant, in any state: `find(slug="acme")`."""
    return Tenant.objects.filter(**criteria).first()


def tenant_with_id(tenant_id: int) -> Tenant:
    """The row of the tenant, in any state, without a lock. Raises TenantUnknown."""
    return _existing(find(pk=tenant_id), tenant_id)


def tenant_with_slug(slug: str) -> Tenant:
    """The row of the tenant, in any state, without a lock. Raises TenantUnknown."""
    return _existing(find(slug=slug), slug)


def _existing(tenant: Tenant | None, name: int | str) -> Tenant:
    if tenant is None:
        raise TenantUnknown(slug=name)
    return tenant


def tenants(**criteria: Any) -> QuerySet[Tenant]:
    """By slug: `tenants(state="active")`."""
    return Tenant.objects.filter(**criteria).order_by("slug")


def set_up_tenants() -> QuerySet[Tenant]:
    """All tenants except those whose setup is in progress, by slug."""
    return tenants().exclude(state=Tenant.State.PENDING)


def due_for_erasure(day: dt.date) -> QuerySet[Tenant]:
    """Tenants whose grace period is over."""
    return tenants(state=Tenant.State.DELETING, delete_after__lte=day)


def expired_trials(day: dt.date) -> QuerySet[Tenant]:
    """Tenants on trial after their last day."""
    return Tenant.objects.filter(state=Tenant.State.TRIAL, trial_ends_on__lt=day).order_by("pk")


def sandboxes_of(tenant_id: int) -> Sequence[str]:
    """The slugs of its sandboxes."""
    return list(Tenant.objects.filter(sandbox_of=tenant_id).values_list("slug", flat=True))


def slugs_by_id() -> dict[int, str]:
    """For rows without a foreign key to their tenant."""
    return dict(Tenant.objects.values_list("pk", "slug"))


def scheduled_runs() -> ScheduledRunQuerySet:
    """The latest run of each scheduled task for all tenants, by task."""
    return ScheduledRun.objects.order_by("task")
