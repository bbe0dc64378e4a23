"""Can the backups be restored? One is tried, beside everything that works, and dropped again (row DRB-04)."""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.conf import settings
from django.db.models import F, Max

from apps.kernel.clock import now
from apps.tenancy.models import Tenant

from . import importing, places, restoring
from .archive import Archive
from .models import Backup

log = logging.getLogger("bursar.backups")


def drill() -> Backup | None:
    """Restore the newest backup of the tenant whose turn it is, verify it and drop it again. What was found stands in
    the backup's row, and in the log; None where there is nothing to try."""
    backup = _sample()
    if backup is None or backup.tenant is None:
        return None
    begun = time.monotonic()
    try:
        _try(backup, backup.tenant)
    except Exception as error:
        backup.error = f"It could not be restored: {error}"
        log.exception("ALARM: the backup %s could not be restored.", backup)
    else:
        backup.error, backup.verified_at = "", now()
        backup.restored_in = round(time.monotonic() - begun, 3)
        log.info("The backup %s was restored and verified in %.1f s.", backup, backup.restored_in)
    backup.save(update_fields=["error", "verified_at", "restored_in"])
    return backup


def is_due() -> bool:
    last = Backup.objects.aggregate(last=Max("verified_at"))["last"]
    return last is None or last < now() - dt.timedelta(days=settings.BACKUP_DRILL_DAYS)


def _sample() -> Backup | None:
    """The newest of the tenant that was never tried, or not for the longest time."""
    tried = (
        Backup.objects.done().filter(tenant__isnull=False).values("tenant").annotate(last=Max("verified_at"))
    )
    turn = tried.order_by(F("last").asc(nulls_first=True), "tenant").first()
    return Backup.objects.done().filter(tenant=turn["tenant"]).latest_first().first() if turn else None


def _try(backup: Backup, tenant: Tenant) -> None:
    number = restoring.next_number()
    with (
        restoring.only_here(restoring.scratch(number)),
        places.opened(backup.place, backup.checksum) as file,
    ):
        made = restoring.load_and_verify(Archive(file, backup.place), number, tenant.database)
        importing.drop_schema(made.schema, tenant.database, role=made.role)
