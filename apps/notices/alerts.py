"""What is wrong with the platform is told to those who look after it."""

from __future__ import annotations

import logging

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import now

from . import hooks, queries
from .commands import TellPeople
from .kinds import ALERT

US = System("Alerts")
log = logging.getLogger(__name__)


def look() -> int:
    """Ask everybody who knows of alerts. While one lasts it is told once an hour. Returns how many there are."""
    found = 0
    for check in hooks.checks():
        try:
            for alert in check():
                found += 1
                _tell(alert)
        except Exception:
            log.exception("An alert could not be looked at; the others are.")
    return found


def _tell(alert: hooks.Alert) -> None:
    """The audit log says it once as well: nothing is asked that was told."""
    key = f"alert:{alert.name}:{now():%Y-%m-%dT%H}"
    if queries.told_under(key):
        return
    dispatch(
        TellPeople(
            kind=ALERT.name,
            subject=alert.subject,
            text=alert.text,
            to=(queries.OPERATORS,),
            key=key,
        ),
        actor=US,
    )
