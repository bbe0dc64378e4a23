"""The scheduled task that executes due commands. It runs in open tenants only, so commands of a closed one wait."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask

from . import executing


@every(seconds=60, base=DefaultTask, name="schedules.execute_due")
def execute_due() -> None:
    executing.execute_due()
