"""Alerts of monitoring to operators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from apps.events.models import Breaker
from apps.kernel.db import databases
from apps.kernel.queues import waiting
from apps.kernel.tenant import at_database
from apps.notices.hooks import Alert, alert


@alert
def late_queues() -> Iterator[Alert]:
    try:
        queues = waiting.queue_statuses()
    except waiting.BROKER_ERRORS as error:
        yield Alert(
            name="broker",
            subject="The broker is unreachable",
            text=f"The ages of the queues are unknown: {type(error).__name__}.",
        )
        return
    for queue in queues:
        if queue.alert:
            yield Alert(
                name=f"queue:{queue.queue}",
                subject=f"Queue {queue.queue} is late",
                text=f"The oldest message has waited {queue.oldest:.0f} s, the limit is {queue.policy.wait_alert} s."
                f" {queue.depth} messages wait.",
            )


@alert
def paused_subscribers() -> Iterator[Alert]:
    """One alert per subscriber: failures for many tenants usually have one reason."""
    paused: dict[str, dict[tuple[str, int | None], str]] = defaultdict(dict)
    for key in databases.known():
        with databases.skip_if_unreachable(key), at_database(key):
            for breaker in Breaker.objects.open().order_by("subscriber", "id"):
                paused[breaker.subscriber][key, breaker.tenant_id] = breaker.last_error
    for subscriber, errors in paused.items():
        tenants = "1 tenant" if len(errors) == 1 else f"{len(errors)} tenants"
        yield Alert(
            name=f"subscriber:{subscriber}",
            subject=f"{subscriber} is paused",
            text=f"Repeated failures for {tenants}. The last error: {[*errors.values()][-1][:500]}",
        )
