"""Notices to the operators about current problems of the platform."""

from __future__ import annotations

import logging

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import now

from . import hooks, queries
from .commands import SendAnnouncement
from .kinds import ALERT

ACTOR = System("Alerts")
log = logging.getLogger(__name__)


def check_alerts() -> int:
    """Run all checks and return the number of alerts. An alert that lasts is announced once an hour."""
    count = 0
    for check in hooks.checks():
        try:
            for alert in check():
                count += 1
                _announce(alert)
        except Exception:
            log.exception("A check for alerts failed; the others still run.")
    return count


def _announce(alert: hooks.Alert) -> None:
    """Dispatches nothing for an alert of this hour that is announced already, so that the audit log has it once."""
    key = f"alert:{alert.name}:{now():%Y-%m-%dT%H}"
    if queries.notice_with_key(key):
        return
    command = SendAnnouncement(
        kind=ALERT.name, subject=alert.subject, text=alert.text, to=(queries.OPERATORS,), key=key
    )
    dispatch(command, actor=ACTOR)
