"""What monitoring has the operators alerted of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from apps.events.models import Breaker
from apps.kernel import databases, waiting
from apps.kernel.tenant import at_database
from apps.notices.hooks import Alert, alert


@alert
def work_that_waits() -> Iterator[Alert]:
    try:
        queues = waiting.standing()
    except waiting.BROKER_ERRORS as error:
        yield Alert(
            name="broker",
            subject="The broker does not answer",
            text=f"Nobody knows how long work waits: {type(error).__name__}.",
        )
        return
    for queue in queues:
        if queue.alert:
            yield Alert(
                name=f"queue:{queue.queue}",
                subject=f"Work waits in the queue {queue.queue}",
                text=f"The oldest has waited {queue.oldest:.0f} s, the alert is at {queue.policy.wait_alert} s."
                f" {queue.depth} wait.",
            )


@alert
def paused_listeners() -> Iterator[Alert]:
    """Of all tenants together: one that fails for many of them is one thing that is wrong."""
    paused: dict[str, list[str]] = defaultdict(list)
    for key in databases.known():
        with databases.skip_if_unreachable(key), at_database(key):
            for breaker in Breaker.objects.open().order_by("subscriber", "id"):
                paused[breaker.subscriber].append(breaker.last_error)
    for subscriber, errors in paused.items():
        tenants = "1 tenant" if len(errors) == 1 else f"{len(errors)} tenants"
        yield Alert(
            name=f"listener:{subscriber}",
            subject=f"{subscriber} is paused",
            text=f"It fails again and again for {tenants}. The last error: {errors[-1][:500]}",
        )
