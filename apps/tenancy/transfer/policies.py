"""How often a tenant is backed up, and what of it is kept: as everywhere, or as was agreed for it (row DRB-02)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from .models import BackupPolicy


@dataclass(frozen=True)
class Policy:
    """`every` counts from the beginning of the one to that of the next; `most` 0 keeps all that are young enough."""

    every: dt.timedelta
    kept: dt.timedelta
    most: int

    def __str__(self) -> str:
        most = f", {self.most} at most" if self.most else ""
        return f"every {self.every / _HOUR:g} h, kept {self.kept / _DAY:g} days{most}"


_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Policies:
    """Of all tenants, as they are now."""

    def __init__(self) -> None:
        self._usual = _policy(BackupPolicy())
        self._own: Mapping[int, Policy] = {
            policy.tenant_id: _policy(policy) for policy in BackupPolicy.objects.all()
        }

    def of(self, tenant_id: int) -> Policy:
        return self._own.get(tenant_id, self._usual)


def _policy(agreed: BackupPolicy) -> Policy:
    return Policy(
        every=dt.timedelta(hours=agreed.every_hours or settings.BACKUP_EVERY_HOURS),
        kept=dt.timedelta(days=agreed.retention_days or settings.BACKUP_RETENTION_DAYS),
        most=agreed.max_count or settings.BACKUP_MAX_COUNT,
    )
