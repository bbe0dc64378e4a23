"""Usage of a tenant, counted from its tables every few minutes and stored on the platform for the operator.

Each run writes totals, so a repeated or missing run does no harm.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection
from django.db.models import Count, Q

from apps.audit.models import Record
from apps.events.models import Delivery
from apps.identity.models import User
from apps.kernel.clock import now, today
from apps.kernel.tenant import TenantInfo
from apps.ledger import queries as ledger
from apps.periods import queries as periods
from apps.tenancy.models import TenantActivity, TenantDay

DAY = dt.timedelta(days=1)
DAILY_FIGURES = ("entries_posted", "commands", "failures", "users", "bytes")


def count(tenant: TenantInfo) -> TenantActivity:
    """In the tenant's context."""
    counts = {
        "entries_posted": ledger.entries_posted(),
        "periods_closed": periods.periods_closed(),
        "users": User.objects.filter(is_active=True).count(),
        "dead_letters": Delivery.objects.filter(status=Delivery.Status.DEAD).count(),
        "bytes": _bytes(tenant.schema),
        **_commands(),
    }
    activity, _ = TenantActivity.objects.update_or_create(
        tenant_id=tenant.id, defaults={**counts, "counted_at": now()}
    )
    TenantDay.objects.update_or_create(
        tenant_id=tenant.id, day=today(), defaults={name: counts[name] for name in DAILY_FIGURES}
    )
    return activity


def _commands() -> dict[str, int]:
    outcome = Record.Outcome
    lately = Record.objects.without_readings().filter(at__gt=now() - DAY)
    return lately.aggregate(
        commands=Count("id"),
        refusals=Count("id", filter=Q(outcome=outcome.REFUSED)),
        failures=Count("id", filter=Q(outcome=outcome.FAILED)),
    )


def _bytes(schema: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
            " WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'm')",
            [schema],
        )
        size: int = cursor.fetchone()[0]
    return size
