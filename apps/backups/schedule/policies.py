"""Backup interval and retention: the platform default, or the policy of one tenant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext

from apps.backups.models import BackupPolicy


@dataclass(frozen=True)
class Policy:
    """interval   from the start of a backup to the start of the next
    max_count  how many scheduled backups are retained; 0 is unlimited
    """

    interval: dt.timedelta
    retention: dt.timedelta
    max_count: int

    def __str__(self) -> str:
        text = (
            gettext("every {hours:g} h, retained {days:g} days, {max_count} at most")
            if self.max_count
            else gettext("every {hours:g} h, retained {days:g} days")
        )
        return text.format(hours=self.interval / _HOUR, days=self.retention / _DAY, max_count=self.max_count)


_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Policies:
    """The policies of all tenants, loaded once."""

    def __init__(self) -> None:
        self._default = _policy(BackupPolicy())
        self._own: Mapping[int, Policy] = {
            policy.tenant_id: _policy(policy) for policy in BackupPolicy.objects.all()
        }

    def of(self, tenant_id: int) -> Policy:
        return self._own.get(tenant_id, self._default)


def _policy(row: BackupPolicy) -> Policy:
    return Policy(
        interval=dt.timedelta(hours=row.interval_hours or settings.BACKUP_INTERVAL_HOURS),
        retention=dt.timedelta(days=row.retention_days or settings.BACKUP_RETENTION_DAYS),
        max_count=row.max_count or settings.BACKUP_MAX_COUNT,
    )
