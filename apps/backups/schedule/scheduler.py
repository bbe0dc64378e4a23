"""Creates waiting backup jobs for tenants whose backup is due."""

from __future__ import annotations

import datetime as dt

from django.db.models import Max, Q

from apps.backups import queries
from apps.backups.models import Backup
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant

from . import jobs, restore_drills
from .policies import Policies

SCHEDULER_LOCK = Lock("backup scheduler")


def schedule_due() -> int:
    """Marks interrupted jobs as failed and schedules the backups and restore drills that are due. Returns the number of
    backups. Concurrent calls schedule each backup once."""
    with activate(None), advisory_lock(SCHEDULER_LOCK.key()) as is_acquired:
        if not is_acquired:
            return 0
        jobs.mark_all_interrupted()
        restore_drills.mark_interrupted()
        scheduled = Backup.objects.bulk_create(
            [
                Backup(
                    tenant=tenant,
                    slug=tenant.slug,
                    kind=Backup.Kind.SCHEDULED,
                    state=Backup.State.WAITING,
                    begun_at=now(),
                )
                for tenant in due()
            ],
            ignore_conflicts=True,
        )
        restore_drills.schedule()
    return len(scheduled)


def due() -> list[Tenant]:
    """Tenants whose backup is due, the oldest first. An archived tenant does not change and is backed up once."""
    policies, last = Policies(), _last_begun()
    busy = set(Backup.objects.unfinished().values_list("tenant", flat=True))
    late = [
        tenant
        for tenant in queries.backed_up_tenants()
        if tenant.pk not in busy and _is_due(tenant, last.get(tenant.pk), policies.of(tenant.pk).interval)
    ]
    return sorted(late, key=lambda tenant: (last.get(tenant.pk) or tenant.created_at, tenant.pk))


def _last_begun() -> dict[int, dt.datetime]:
    """The start of the last backup by tenant. A failed one counts until it may be retried."""
    counted = Backup.objects.filter(
        Q(state=Backup.State.DONE) | Q(state=Backup.State.FAILED, next_at__gt=now())
    )
    return dict(counted.values_list("tenant").annotate(Max("begun_at")).order_by())


def _is_due(tenant: Tenant, last: dt.datetime | None, interval: dt.timedelta) -> bool:
    return last is None or (last < now() - interval and not queries.is_unchanged_since(tenant, last))
