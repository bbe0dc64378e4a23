"""What is promised of backups, and to whom it is not kept (row DRB-01).

`BACKUP_RPO_HOURS` is how much of its work a tenant can lose, and `BACKUP_RTO_HOURS` how long it may take until it works
again; each environment sets its own. 0 promises nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.conf import settings

from apps.kernel.clock import now
from apps.tenancy.models import Tenant

from .models import Backup, BackupQuerySet

log = logging.getLogger("bursar.backups")
BACKED_UP = (Tenant.State.TRIAL, Tenant.State.ACTIVE, Tenant.State.SUSPENDED, Tenant.State.ARCHIVED)


@dataclass(frozen=True)
class Standing:
    """How well a tenant is kept.

    is_late  it would lose more than was promised
    is_slow  its last drill took longer than was promised
    """

    tenant: Tenant
    newest: Backup | None
    failed: Backup | None
    verified: Backup | None
    is_late: bool
    is_slow: bool

    @property
    def age(self) -> dt.timedelta | None:
        return now() - self.newest.begun_at if self.newest else None


def standings() -> list[Standing]:
    """Of every tenant that is backed up, those in danger first."""
    done = _newest(Backup.objects.done())
    failed = _newest(Backup.objects.filter(state=Backup.State.FAILED))
    verified = _newest(Backup.objects.exclude(verified_at=None))
    found = [
        _standing(each, done.get(each.pk), failed.get(each.pk), verified.get(each.pk)) for each in kept()
    ]
    return sorted(found, key=lambda each: not (each.is_late or each.is_slow))


def watch() -> int:
    """Say who is kept worse than was promised. Returns how many there are."""
    bad = [each for each in standings() if each.is_late or each.is_slow]
    if bad:
        named = ", ".join(each.tenant.slug for each in bad[:10])
        log.error("ALARM: %s tenants are backed up worse than was promised: %s", len(bad), named)
    return len(bad)


def kept() -> list[Tenant]:
    """Tenants that are backed up at all; a sandbox can be made again."""
    return list(Tenant.objects.filter(state__in=BACKED_UP, sandbox_of=None).order_by("slug"))


def holds_all(tenant: Tenant, backed_up_at: dt.datetime) -> bool:
    at_rest = tenant.state == Tenant.State.ARCHIVED and tenant.state_since
    return bool(at_rest and at_rest < backed_up_at)


def _standing(
    tenant: Tenant, newest: Backup | None, failed: Backup | None, verified: Backup | None
) -> Standing:
    promised = dt.timedelta(hours=settings.BACKUP_RPO_HOURS)
    unchanged = newest is not None and holds_all(tenant, newest.begun_at)
    late = (
        bool(promised)
        and not unchanged
        and now() - (newest.begun_at if newest else tenant.created_at) > promised
    )
    slow = bool(
        verified
        and settings.BACKUP_RTO_HOURS
        and (verified.restored_in or 0) > settings.BACKUP_RTO_HOURS * 3600
    )
    still = failed if failed and (newest is None or failed.begun_at > newest.begun_at) else None
    return Standing(tenant, newest, still, verified, late, slow)


def _newest(backups: BackupQuerySet) -> dict[int, Backup]:
    """By tenant."""
    found: dict[int, Backup] = {}
    for backup in backups.select_related("tenant").latest_first():
        if backup.tenant:
            found.setdefault(backup.tenant.pk, backup)
    return found
