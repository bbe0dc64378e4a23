"""Scheduled tasks of the audit log, for each tenant and for the platform."""

from __future__ import annotations

import logging

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask

from . import sealing, verification
from .rollup.counting import roll_up

log = logging.getLogger("bursar.audit")
VERIFY_INTERVAL_S = 3_600
VERIFY_TIMEOUT_S = 30
"""Below the time limit of the queue. The next run continues."""


@every(seconds=30, base=AuditTask, name="audit.seal")
def seal() -> None:
    """Counts new records by minute and command, and appends them to the hash chain (seals them). Forging a sealed
    record is detected."""
    roll_up()
    sealing.seal()


@every(seconds=VERIFY_INTERVAL_S, base=AuditTask, name="audit.verify")
def verify() -> None:
    """Verifies the whole audit log in several runs, again and again. The console shows the result."""
    result = verification.verify_and_record(at_most=VERIFY_TIMEOUT_S)
    if not result.intact:
        log.critical("The audit log is broken: %s", "; ".join(fault["detail"] for fault in result.faults[:5]))
