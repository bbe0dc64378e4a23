"""Ends overdue support sessions, also without a further request."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask

from . import lifecycle

SWEEP_INTERVAL_S = 60


@every(seconds=SWEEP_INTERVAL_S, base=DefaultTask, name="identity.end_support_sessions", where="platform")
def end_support_sessions() -> None:
    lifecycle.sweep()
