"""Reads of backups: recovery objectives, the backup status of each tenant, and the latest backups and restore drills.

`BACKUP_RPO_HOURS` limits the data a tenant can lose and `BACKUP_RTO_HOURS` the time a restore may take; 0 sets no
objective. A tenant without a backup for twice its backup interval is late in any case.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Q

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.models import Tenant

from .files import outbox
from .models import Backup, JobQuerySet, Restoration, RestoreDrill
from .schedule.policies import Policies, Policy
from .waiting import wait_until

RESTORE_DRILL_GRACE = dt.timedelta(days=1)
BACKED_UP_STATES = (Tenant.State.TRIAL, Tenant.State.ACTIVE, Tenant.State.SUSPENDED, Tenant.State.ARCHIVED)


@dataclass(frozen=True)
class BackupStatus:
    """The backup status of a tenant.

    failed      the last failed backup, if none has succeeded since
    unfinished  the backup that is waiting or running
    is_late     the newest backup is older than the RPO, or than twice the backup interval
    is_slow     the last restore drill took longer than the RTO
    """

    tenant: Tenant
    policy: Policy
    newest: Backup | None
    failed: Backup | None
    unfinished: Backup | None
    verified: Backup | None
    is_late: bool
    is_slow: bool

    @property
    def age(self) -> dt.timedelta | None:
        return now() - self.newest.begun_at if self.newest else None


def statuses() -> list[BackupStatus]:
    """Of all tenants that are backed up, those with problems first."""
    policies = Policies()
    done = _newest(Backup.objects.done())
    failed = _newest(Backup.objects.filter(state=Backup.State.FAILED))
    unfinished = _newest(Backup.objects.unfinished())
    verified = _newest(Backup.objects.exclude(verified_at=None))
    rows = [
        _status(
            tenant,
            policies.of(tenant.pk),
            newest=done.get(tenant.pk),
            failed=failed.get(tenant.pk),
            unfinished=unfinished.get(tenant.pk),
            verified=verified.get(tenant.pk),
        )
        for tenant in backed_up_tenants()
    ]
    return sorted(rows, key=lambda status: not (status.is_late or status.failed or status.is_slow))


def failed_restore_drills() -> str:
    """Why restore drills fail or do not run; empty if all is well."""
    unfinished = (RestoreDrill.State.WAITING, RestoreDrill.State.RUNNING)
    latest = latest_restore_drills().exclude(state__in=unfinished).first()
    if latest and latest.state == RestoreDrill.State.FAILED:
        return f"{latest}: {latest.last_error}"
    first = Backup.objects.done().order_by("begun_at").first()
    since = latest.begun_at if latest else first.begun_at if first else now()
    interval = dt.timedelta(days=settings.BACKUP_RESTORE_DRILL_DAYS) if latest else dt.timedelta()
    if now() - since > interval + RESTORE_DRILL_GRACE:
        return f"No restore drill has run since {since:%Y-%m-%d %H:%M}. Is a backup worker running?"
    return ""


def backed_up_tenants() -> list[Tenant]:
    """Tenants that are backed up. Sandboxes are not, as they can be cloned again."""
    return list(Tenant.objects.filter(state__in=BACKED_UP_STATES, sandbox_of=None).order_by("slug"))


def is_unchanged_since(tenant: Tenant, moment: dt.datetime) -> bool:
    archived_at = tenant.state_since if tenant.state == Tenant.State.ARCHIVED else None
    return bool(archived_at and archived_at < moment)


def _status(
    tenant: Tenant,
    policy: Policy,
    *,
    newest: Backup | None,
    failed: Backup | None,
    unfinished: Backup | None,
    verified: Backup | None,
) -> BackupStatus:
    is_resolved = bool(failed and newest and newest.begun_at >= failed.begun_at)
    return BackupStatus(
        tenant,
        policy,
        newest,
        None if is_resolved else failed,
        unfinished,
        verified,
        _is_late(tenant, policy, newest),
        _is_slow(verified),
    )


def _is_late(tenant: Tenant, policy: Policy, newest: Backup | None) -> bool:
    """Whether the newest backup is older than the recovery point objective, and the tenant may have changed since."""
    if newest and is_unchanged_since(tenant, newest.begun_at):
        return False
    rpo = dt.timedelta(hours=settings.BACKUP_RPO_HOURS)
    max_age = min(rpo or 2 * policy.interval, 2 * policy.interval)
    return now() - (newest.begun_at if newest else tenant.created_at) > max_age


def _is_slow(verified: Backup | None) -> bool:
    """Whether its restore took longer than the recovery time objective."""
    if verified is None or not settings.BACKUP_RTO_HOURS:
        return False
    return bool((verified.restore_seconds or 0) > settings.BACKUP_RTO_HOURS * 3600)


def _newest(backups: JobQuerySet[Backup]) -> dict[int, Backup]:
    """The newest by tenant."""
    newest = backups.exclude(tenant=None).order_by("tenant", "-begun_at", "-pk").distinct("tenant")
    return {backup.tenant_id: backup for backup in newest if backup.tenant_id}


def backups(slug: str = "") -> JobQuerySet[Backup]:
    """The backups of a tenant, also under its former short names, or of all; newest first."""
    backups = Backup.objects.latest_first()
    return backups.filter(Q(slug=slug) | Q(tenant__slug=slug)) if slug else backups


def restorations() -> JobQuerySet[Restoration]:
    """The requested restores and clones, the newest first."""
    return Restoration.objects.select_related("backup", "tenant", "result").latest_first()


def has_unfinished_work() -> bool:
    """Whether a backup, restore drill, restore or clone is waiting or running."""
    kinds = (Backup.objects, RestoreDrill.objects, Restoration.objects)
    return any(jobs.unfinished().exists() for jobs in kinds)


def latest_restore_drills() -> JobQuerySet[RestoreDrill]:
    return RestoreDrill.objects.select_related("backup").latest_first()


def policy_of(tenant: Tenant) -> Policy:
    """Its own backup policy, completed by the platform default."""
    return Policies().of(tenant.pk)


def owned_databases() -> list[str]:
    """The databases for which this process has the owner's credentials."""
    return databases.having("owner")


def due_events(tenant: TenantInfo) -> int:
    """The number of events and deliveries of a tenant that are due now."""
    with activate(tenant), connection.cursor() as cursor:
        return outbox.count_due(cursor, tenant.id)


def wait_for_events(tenant: TenantInfo, seconds: float = 10.0) -> int:
    """Waits for due events to be delivered, before a tenant becomes read-only. Returns how many remain; they move with
    the tenant, and are delivered after the move."""
    wait_until(lambda: not due_events(tenant), seconds)
    return due_events(tenant)
