"""Scheduled tasks of flags."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask

from .rollouts import progress


@every(seconds=60, base=AuditTask, name="flags.progress_rollouts", where="platform")
def progress_rollouts() -> None:
    """In the pool of `audit`, which fills the rollup as well: it works while the other pools fail."""
    progress.progress()
