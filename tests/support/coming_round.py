"""What comes round in the tests, known only to workers that include this module."""

from apps.kernel.periodic import every
from apps.kernel.queues import AuditTask


@every(seconds=5, base=AuditTask, name="tests.round")
def come_round() -> None:
    """Nothing: that it was sent is all that is asked."""
