"""What can be said of all tenants together, by day (row TEN-17). It is drawn from counts: nobody's business is read."""

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
    """All tenants on one day: how many were counted, what they did that day, and what they hold in all."""

    day: dt.date
    tenants: int
    entries: int
    commands: int
    failures: int
    users: int
    bytes: int


def days(most: int = 30) -> list[Day]:
    """The last days on which something was counted, oldest first. Entries are those of the day."""
    since = today() - dt.timedelta(days=most)
    counted: Any = (
        TenantDay.objects.filter(day__gte=since)
        .values("day")
        .annotate(**{name: Sum(name) for name in ("commands", "failures", "users", "bytes")}, tenants=Sum(1))
        .order_by("day")
    )
    posted = _posted_on(since)
    return [Day(entries=posted.get(each["day"], 0), **each) for each in counted]


def _posted_on(since: dt.date) -> dict[dt.date, int]:
    """How many more entries each tenant had than on the day before that it was counted."""
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
        """Per cent; None where there was nothing to compare with."""
        return round(100 * (self.commands - self.before) / self.before) if self.before else None


def growth(most: int = 10) -> Sequence[Growth]:
    """The tenants whose use changed most, whichever way: who may soon need more, or leave."""
    half, start = today() - dt.timedelta(days=30), today() - dt.timedelta(days=60)
    now_, then = (
        dict(TenantDay.objects.filter(**when).values_list("tenant_id").annotate(Sum("commands")))
        for when in ({"day__gte": half}, {"day__gte": start, "day__lt": half})
    )
    tenants = Tenant.objects.in_bulk({*now_, *then})
    found = [Growth(tenants[pk], now_.get(pk, 0), then.get(pk, 0)) for pk in tenants]
    return sorted(found, key=lambda each: abs(each.commands - each.before), reverse=True)[:most]
