"""Whose backup is due. What was asked for is a row that waits: two who ask at the same time ask once."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max, Q

from apps.kernel.clock import now
from apps.kernel.locks import Lock
from apps.kernel.tenant import activate
from apps.kernel.transactions import advisory_lock
from apps.tenancy.models import Tenant

from . import jobs, objectives, restore_drills
from .models import Backup
from .policies import Policies

ASKING = Lock("backups are asked for")
AGAIN = dt.timedelta(minutes=15)
"""After which one that failed is asked for again."""


def schedule_due() -> int:
    """Note what was cut off, and ask for what is due. Returns how many backups that are."""
    with activate(None), advisory_lock(ASKING.key()) as is_acquired:
        if not is_acquired:
            return 0
        jobs.mark_all_interrupted()
        restore_drills.mark_interrupted()
        asked = Backup.objects.bulk_create(
            [
                Backup(
                    tenant=each,
                    slug=each.slug,
                    kind=Backup.Kind.SCHEDULED,
                    state=Backup.State.WAITING,
                    begun_at=now(),
                )
                for each in due()
            ],
            ignore_conflicts=True,
        )
        restore_drills.schedule()
    return len(asked)


def due() -> list[Tenant]:
    """Tenants whose last backup was begun too long ago, the longest first. What is archived does not change."""
    agreed, last = Policies(), _last_begun()
    busy = set(Backup.objects.at_work().values_list("tenant", flat=True))
    late = [
        each
        for each in objectives.backed_up_tenants()
        if each.pk not in busy and _is_due(each, last.get(each.pk), agreed.of(each.pk).every)
    ]
    return sorted(late, key=lambda each: (last.get(each.pk) or each.created_at, each.pk))


def _last_begun() -> dict[int, dt.datetime]:
    """By tenant. One that failed counts for a while."""
    counted = Backup.objects.filter(
        Q(state=Backup.State.DONE) | Q(state=Backup.State.FAILED, begun_at__gt=now() - AGAIN)
    )
    return dict(counted.values_list("tenant").annotate(Max("begun_at")).order_by())


def _is_due(tenant: Tenant, last: dt.datetime | None, every: dt.timedelta) -> bool:
    return last is None or (last < now() - every and not objectives.holds_all(tenant, last))
