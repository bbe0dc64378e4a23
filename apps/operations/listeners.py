"""What the operator is told of a tenant's use: how much, never what."""

from __future__ import annotations

from django.db import models
from django.db.models import F

from apps.events import listens_to
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant
from apps.ledger.events import EntryPosted
from apps.periods.events import PeriodClosed
from apps.tenancy.models import TenantActivity


@listens_to(EntryPosted, queue="audit")
def count_entry(event: EntryPosted) -> None:
    _activity().update(entries_posted=F("entries_posted") + 1, last_active_at=now())


@listens_to(PeriodClosed, queue="audit")
def count_close(event: PeriodClosed) -> None:
    _activity().update(periods_closed=F("periods_closed") + 1, last_active_at=now())


def _activity() -> models.QuerySet[TenantActivity]:
    tenant = current_tenant()
    return TenantActivity.objects.filter(tenant_id=tenant.id) if tenant else TenantActivity.objects.none()
