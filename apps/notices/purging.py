"""Deletion of old notices, as addresses are personal data with a retention period."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import now

from .models import Notice, NoticeDelivery

RETENTION = dt.timedelta(days=365)


def purge() -> int:
    """Returns the number of deleted notices."""
    waiting = NoticeDelivery.State.WAITING
    old = Notice.objects.filter(created_at__lt=now() - RETENTION).exclude(deliveries__state=waiting)
    count = old.count()
    old.delete()
    return count
