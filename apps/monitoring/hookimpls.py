"""Alerts of monitoring to operators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from apps.events import queries as events
from apps.kernel.db import databases
from apps.kernel.queues import wait_times
from apps.kernel.tenant import at_database
from apps.notices.hooks import Alert, alert


@alert
def late_queues() -> Iterator[Alert]:
    try:
        queues = wait_times.queue_statuses()
    except wait_times.BROKER_ERRORS as error:
        yield Alert(
            name="broker",
            subject=gettext("The broker is unreachable"),
            text=gettext("The ages of the queues are unknown: {error}.").format(error=type(error).__name__),
        )
        return
    for queue in queues:
        if queue.alert:
            yield Alert(
                name=f"queue:{queue.queue}",
                subject=gettext("Queue {queue} is late").format(queue=queue.queue),
                text=gettext(
                    "The oldest message has waited {seconds:.0f} s, the limit is {limit} s. {depth} messages wait."
                ).format(seconds=queue.oldest, limit=queue.policy.wait_alert, depth=queue.depth),
            )


@alert
def paused_subscribers() -> Iterator[Alert]:
    """One alert per subscriber: failures for many tenants usually have one reason."""
    paused: dict[str, dict[tuple[str, int | None], str]] = defaultdict(dict)
    for key in databases.known():
        with databases.skip_if_unreachable(key), at_database(key):
            for breaker in events.open_breakers():
                paused[breaker.subscriber][key, breaker.tenant_id] = breaker.last_error
    for subscriber, errors in paused.items():
        yield Alert(
            name=f"subscriber:{subscriber}",
            subject=gettext("{subscriber} is paused").format(subscriber=subscriber),
            text=ngettext(
                "Repeated failures for {count} tenant. The last error: {error}",
                "Repeated failures for {count} tenants. The last error: {error}",
                len(errors),
            ).format(count=len(errors), error=[*errors.values()][-1][:500]),
        )
