"""What the audit queue does for each tenant and for the platform."""

from __future__ import annotations

import logging

from apps.kernel.periodic import every
from apps.kernel.queues import AuditTask

from . import sealing, verification

log = logging.getLogger("bursar.audit")
HOUR = 3_600
A_LOOK = 30
"""Seconds for one look: well within the queue's limit. The next one goes on."""


@every(seconds=30, base=AuditTask, name="audit.seal")
def seal() -> None:
    """A forged row can be told from a true one from now on."""
    sealing.seal()


@every(seconds=HOUR, base=AuditTask, name="audit.verify")
def verify() -> None:
    """Round after round through the whole audit log, so that the console can say that somebody looked."""
    found = verification.verify_and_note(at_most=A_LOOK)
    if not found.intact:
        log.critical("The audit log is broken: %s", "; ".join(fault["detail"] for fault in found.faults[:5]))
