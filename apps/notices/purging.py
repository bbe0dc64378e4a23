"""What was told long ago is forgotten: addresses are kept no longer than anybody asks about them."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import now

from .models import Copy, Notice

KEPT = dt.timedelta(days=365)


def purge() -> int:
    """Returns how many notices went."""
    old = Notice.objects.filter(created_at__lt=now() - KEPT).exclude(copies__state=Copy.State.WAITING)
    count = old.count()
    old.delete()
    return count
