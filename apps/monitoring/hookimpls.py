"""What monitoring has the operators alarmed of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from apps.events.models import Breaker
from apps.kernel import databases, waiting
from apps.kernel.tenant import at_database
from apps.notices.hooks import Alarm, alarm


@alarm
def work_that_waits() -> Iterator[Alarm]:
    try:
        queues = waiting.standing()
    except waiting.BROKER_ERRORS as error:
        yield Alarm(
            name="broker",
            subject="The broker does not answer",
            text=f"Nobody knows how long work waits: {type(error).__name__}.",
        )
        return
    for queue in queues:
        if queue.alarm:
            yield Alarm(
                name=f"queue:{queue.queue}",
                subject=f"Work waits in the queue {queue.queue}",
                text=f"The oldest has waited {queue.oldest:.0f} s, the alarm is at {queue.policy.wait_alarm} s."
                f" {queue.depth} wait.",
            )


@alarm
def parked_listeners() -> Iterator[Alarm]:
    """Of all tenants together: one that fails for many of them is one thing that is wrong."""
    parked: dict[str, list[str]] = defaultdict(list)
    for key in databases.known():
        with databases.unless_away(key), at_database(key):
            for breaker in Breaker.objects.open().order_by("subscriber", "id"):
                parked[breaker.subscriber].append(breaker.last_error)
    for subscriber, errors in parked.items():
        tenants = "1 tenant" if len(errors) == 1 else f"{len(errors)} tenants"
        yield Alarm(
            name=f"listener:{subscriber}",
            subject=f"{subscriber} is parked",
            text=f"It fails again and again for {tenants}. The last error: {errors[-1][:500]}",
        )
