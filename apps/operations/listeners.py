"""Counters of a tenant's usage, for the operator: numbers only, no content.

Platform rows are written outside the tenant's transaction, so a listener writes the total and never increments.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest

from apps.events import listens_to
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant
from apps.ledger import queries as ledger
from apps.ledger.events import EntryPosted
from apps.periods import queries as periods
from apps.periods.events import PeriodClosed
from apps.tenancy.models import TenantActivity


@listens_to(EntryPosted, queue="audit")
def count_entry(event: EntryPosted) -> None:
    _count(entries_posted=Greatest(F("entries_posted"), Value(ledger.entries_posted())))


@listens_to(PeriodClosed, queue="audit")
def count_close(event: PeriodClosed) -> None:
    _count(periods_closed=periods.periods_closed())


def _count(**counts: Any) -> None:
    if tenant := current_tenant():
        TenantActivity.objects.filter(tenant_id=tenant.id).update(last_active_at=now(), **counts)
