"""What is promised of backups, and to whom it is not kept (row DRB-01).

`BACKUP_RPO_HOURS` is how much of its work a tenant can lose, and `BACKUP_RTO_HOURS` how long it may take until it works
again; each environment sets its own, and 0 promises nothing. Whoever misses his turn twice is late all the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from apps.kernel.clock import now
from apps.tenancy.models import Tenant

from . import restore_drills
from .models import Backup, JobQuerySet, RestoreDrill
from .policies import Policies, Policy

LATE_DRILL = dt.timedelta(days=1)
BACKED_UP = (Tenant.State.TRIAL, Tenant.State.ACTIVE, Tenant.State.SUSPENDED, Tenant.State.ARCHIVED)


@dataclass(frozen=True)
class BackupStatus:
    """How well a tenant is kept.

    failed   the last try, where none has succeeded since
    at_work  the one that is asked for, or being made
    is_late  it would lose more than was promised, or missed its turn for as long again
    is_slow  its last drill took longer than was promised
    """

    tenant: Tenant
    policy: Policy
    newest: Backup | None
    failed: Backup | None
    at_work: Backup | None
    verified: Backup | None
    is_late: bool
    is_slow: bool

    @property
    def age(self) -> dt.timedelta | None:
        return now() - self.newest.begun_at if self.newest else None


def statuses() -> list[BackupStatus]:
    """Of every tenant that is backed up, those in danger first."""
    agreed = Policies()
    done = _newest(Backup.objects.done())
    failed = _newest(Backup.objects.filter(state=Backup.State.FAILED))
    at_work = _newest(Backup.objects.at_work())
    verified = _newest(Backup.objects.exclude(verified_at=None))
    found = [
        _standing(
            each,
            agreed.of(each.pk),
            newest=done.get(each.pk),
            failed=failed.get(each.pk),
            at_work=at_work.get(each.pk),
            verified=verified.get(each.pk),
        )
        for each in backed_up_tenants()
    ]
    return sorted(found, key=lambda each: not (each.is_late or each.failed or each.is_slow))


def failed_restore_drills() -> str:
    """What is wrong with the way backups are tried; empty where nothing is."""
    latest = (
        restore_drills.latest()
        .exclude(state__in=(RestoreDrill.State.WAITING, RestoreDrill.State.RUNNING))
        .first()
    )
    if latest and latest.state == RestoreDrill.State.FAILED:
        return f"{latest}: {latest.error}"
    first = Backup.objects.done().order_by("begun_at").first()
    since = latest.begun_at if latest else first.begun_at if first else now()
    waits = dt.timedelta(days=settings.BACKUP_DRILL_DAYS) if latest else dt.timedelta()
    if now() - since > waits + LATE_DRILL:
        return f"No backup was tried since {since:%Y-%m-%d %H:%M}. Does a backup worker run?"
    return ""


def backed_up_tenants() -> list[Tenant]:
    """Tenants that are backed up at all; a sandbox can be made again."""
    return list(Tenant.objects.filter(state__in=BACKED_UP, sandbox_of=None).order_by("slug"))


def holds_all(tenant: Tenant, backed_up_at: dt.datetime) -> bool:
    at_rest = tenant.state == Tenant.State.ARCHIVED and tenant.state_since
    return bool(at_rest and at_rest < backed_up_at)


def _standing(
    tenant: Tenant,
    policy: Policy,
    *,
    newest: Backup | None,
    failed: Backup | None,
    at_work: Backup | None,
    verified: Backup | None,
) -> BackupStatus:
    promised = dt.timedelta(hours=settings.BACKUP_RPO_HOURS)
    longest = min(promised or 2 * policy.every, 2 * policy.every)
    unchanged = newest is not None and holds_all(tenant, newest.begun_at)
    late = not unchanged and now() - (newest.begun_at if newest else tenant.created_at) > longest
    slow = bool(
        verified
        and settings.BACKUP_RTO_HOURS
        and (verified.restored_in or 0) > settings.BACKUP_RTO_HOURS * 3600
    )
    still = failed if failed and (newest is None or failed.begun_at > newest.begun_at) else None
    return BackupStatus(tenant, policy, newest, still, at_work, verified, late, slow)


def _newest(backups: JobQuerySet[Backup]) -> dict[int, Backup]:
    """By tenant."""
    newest = backups.exclude(tenant=None).order_by("tenant", "-begun_at", "-pk").distinct("tenant")
    return {each.tenant_id: each for each in newest if each.tenant_id}
