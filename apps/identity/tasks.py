"""Scheduled tasks of identity."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import now
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from .accounts.tasks import send_password_link
from .impersonation.tasks import end_support_sessions
from .models import ApiSession, RefreshToken

__all__ = ["end_support_sessions", "purge_sessions", "send_password_link"]
SESSION_RETENTION = dt.timedelta(days=90)
DAY_S = 86_400


@every(seconds=DAY_S, base=LowTask, name="identity.purge_sessions")
def purge_sessions() -> None:
    """Delete old sessions and expired refresh tokens. Their history remains in the audit log."""
    RefreshToken.objects.filter(expires_at__lt=now() - dt.timedelta(days=1)).delete()
    ApiSession.objects.filter(expires_at__lt=now() - SESSION_RETENTION).delete()
