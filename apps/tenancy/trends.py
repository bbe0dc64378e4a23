"""Trends over all tenants, by day. Based on counts only, never on a tenant's data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Sum

from apps.kernel.clock import today

from .models import Tenant, TenantDay


@dataclass(frozen=True)
class Day:
    """All tenants on one day: the number counted, their activity on that day, and their totals."""

    day: dt.date
    tenants: int
    entries: int
    commands: int
    failures: int
    users: int
    bytes: int


def days(limit: int = 30) -> list[Day]:
    """The latest days with counts, oldest first. Entries are those posted on the day."""
    since = today() - dt.timedelta(days=limit)
    counted: Any = (
        TenantDay.objects.filter(day__gte=since)
        .values("day")
        .annotate(**{name: Sum(name) for name in ("commands", "failures", "users", "bytes")}, tenants=Sum(1))
        .order_by("day")
    )
    posted = _posted_on(since)
    return [Day(entries=posted.get(counts["day"], 0), **counts) for counts in counted]


def _posted_on(since: dt.date) -> dict[dt.date, int]:
    """The increase of each tenant's entries since its previous count."""
    before = dict(
        TenantDay.objects.filter(day__lt=since).values_list("tenant_id").annotate(Max("entries_posted"))
    )
    posted: dict[dt.date, int] = {}
    rows = TenantDay.objects.filter(day__gte=since).order_by("day")
    for tenant_id, day, total in rows.values_list("tenant_id", "day", "entries_posted"):
        posted[day] = posted.get(day, 0) + max(total - before.get(tenant_id, 0), 0)
        before[tenant_id] = total
    return posted


@dataclass(frozen=True)
class Growth:
    """A tenant's last thirty days beside the thirty before."""

    tenant: Tenant
    commands: int
    before: int

    @property
    def change(self) -> int | None:
        """Per cent; None without earlier activity."""
        return round(100 * (self.commands - self.before) / self.before) if self.before else None


def growth(limit: int = 10) -> Sequence[Growth]:
    """The tenants with the largest change of activity: candidates for an upgrade, or for churn."""
    half, start = today() - dt.timedelta(days=30), today() - dt.timedelta(days=60)
    now_, then = (
        dict(TenantDay.objects.filter(**when).values_list("tenant_id").annotate(Sum("commands")))
        for when in ({"day__gte": half}, {"day__gte": start, "day__lt": half})
    )
    tenants = Tenant.objects.in_bulk({*now_, *then})
    growths = [Growth(tenants[pk], now_.get(pk, 0), then.get(pk, 0)) for pk in tenants]
    return sorted(growths, key=lambda growth: abs(growth.commands - growth.before), reverse=True)[:limit]
