"""Usage of each tenant, stored on the platform for the operator: numbers only, no content.

The figures are totals. They are written outside the transaction of the change that they count, so a repeated or missing
write does no harm.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Greatest

from apps.kernel.clock import now

from .models import TenantActivity, TenantDay

DAILY_FIGURES = ("entries_posted", "commands", "failures", "users", "bytes")


def store(tenant_id: int, figures: dict[str, int], *, day: dt.date) -> TenantActivity:
    """Stores the figures as the latest ones, and as those of the day."""
    activity, _ = TenantActivity.objects.update_or_create(
        tenant_id=tenant_id, defaults={**figures, "counted_at": now()}
    )
    TenantDay.objects.update_or_create(
        tenant_id=tenant_id, day=day, defaults={name: figures[name] for name in DAILY_FIGURES}
    )
    return activity


def raise_entries(tenant_id: int, total: int) -> None:
    """Listeners of concurrent postings may write in any order, so the total never decreases."""
    _update(tenant_id, entries_posted=Greatest(F("entries_posted"), Value(total)))


def set_periods_closed(tenant_id: int, total: int) -> None:
    _update(tenant_id, periods_closed=total)


def _update(tenant_id: int, **figures: Any) -> None:
    TenantActivity.objects.filter(tenant_id=tenant_id).update(last_active_at=now(), **figures)


def schema_bytes(schema: str) -> int:
    """The size of the schema's tables with their indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'm')",
            [schema],
        )
        size: int = cursor.fetchone()[0]
    return size
