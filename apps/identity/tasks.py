"""What comes round in identity."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import now
from apps.kernel.periodic import every
from apps.kernel.queues import LowTask

from .impersonation.tasks import end_visits
from .models import ApiSession

__all__ = ["end_visits", "forget_sessions"]
KEPT = dt.timedelta(days=90)
DAY = 86_400


@every(seconds=DAY, base=LowTask, name="identity.forget_sessions")
def forget_sessions() -> None:
    """Sessions that ended long ago, and their used tokens. That they were is in the audit trail."""
    ApiSession.objects.filter(expires_at__lt=now() - KEPT).delete()
