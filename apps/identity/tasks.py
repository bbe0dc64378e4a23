"""Scheduled tasks of identity."""

from __future__ import annotations

import datetime as dt

from apps.kernel.clock import now
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from .accounts.tasks import record_failed_sign_ins, send_password_link
from .invitations.tasks import expire_invitations
from .models import ApiSession, RefreshToken

__all__ = ["expire_invitations", "purge_sessions", "record_failed_sign_ins", "send_password_link"]
SESSION_RETENTION = dt.timedelta(days=90)
DAY_S = 86_400


@every(seconds=DAY_S, base=LowTask, name="identity.purge_sessions")
def purge_sessions() -> None:
    """Delete old sessions and expired refresh tokens. Their history remains in the audit log."""
    RefreshToken.objects.filter(expires_at__lt=now() - dt.timedelta(days=1)).delete()
    ApiSession.objects.filter(expires_at__lt=now() - SESSION_RETENTION).delete()
