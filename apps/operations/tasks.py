"""What comes round."""

from __future__ import annotations

from apps.kernel.periodic import every
from apps.kernel.queues import DefaultTask, LowTask
from apps.kernel.tenant import current_tenant

from . import counting, journeys, trials


@every(seconds=300, base=LowTask, name="operations.count", where="tenants")
def count() -> None:
    if tenant := current_tenant():
        counting.count(tenant)


@every(seconds=3600, base=DefaultTask, name="operations.erase_what_is_due", where="platform")
def erase_what_is_due() -> None:
    """Their journeys look whether the days of grace are over, and go on."""
    journeys.wake_due_erasures()


@every(seconds=3600, base=DefaultTask, name="operations.end_trials", where="platform")
def end_trials() -> None:
    trials.end_those_that_are_over()
