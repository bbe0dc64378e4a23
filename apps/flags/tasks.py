"""Scheduled tasks of flags."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask, LowTask

from .life_cycle import alerts, cleanup, usage
from .rollouts import progress

DAY_S = 24 * 3600


@every(seconds=60, base=AuditTask, name="flags.progress_rollouts", where="platform")
def progress_rollouts() -> None:
    """In the pool of `audit`, which fills the rollup as well: it works while the other pools fail."""
    progress.progress()


@every(seconds=DAY_S, base=LowTask, name="flags.alert_stale_flags", where="platform")
def alert_stale_flags() -> None:
    alerts.check()


@every(seconds=DAY_S, base=LowTask, name="flags.purge_usage", where="platform")
def purge_usage() -> None:
    usage.purge()


@every(seconds=DAY_S, base=LowTask, name="flags.announce_leftovers", where="platform")
def announce_leftovers() -> None:
    """Sends a notice once a quarter and owner."""
    cleanup.announce_leftovers()
