"""Alerts of monitoring to operators."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from apps.events import queries as events
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.queues import wait_times
from apps.kernel.tenant import at_database
from apps.notices.hooks import Alert, alert

from . import command_activity, unsealed

MAX_UNSEALED = dt.timedelta(minutes=10)
"""Sealing runs twice a minute."""
MAX_NAMES = 5
FAILURE_WINDOW = dt.timedelta(minutes=15)
MIN_FAILURES = 5
MIN_FAILURE_SHARE = 0.05
"""Of a module's commands in the window."""


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


@alert
def unsealed_audit_logs() -> Iterator[Alert]:
    """One alert for all: a transaction that stays open stops the sealing of every audit log of its server."""
    if late := unsealed.audit_logs(now() - MAX_UNSEALED):
        yield Alert(
            name="audit:unsealed",
            subject=gettext("The audit log is not sealed"),
            text=ngettext(
                "{count:,} audit log has records older than {minutes:.0f} minutes that are not sealed: {names}. "
                "Look for an open transaction (pg_stat_activity), and for the worker of the queue audit.",
                "{count:,} audit logs have records older than {minutes:.0f} minutes that are not sealed: {names}. "
                "Look for an open transaction (pg_stat_activity), and for the worker of the queue audit.",
                len(late),
            ).format(
                count=len(late),
                minutes=MAX_UNSEALED / dt.timedelta(minutes=1),
                names=", ".join(late[:MAX_NAMES]),
            ),
        )


@alert
def failing_commands() -> Iterator[Alert]:
    """One alert per module, over the platform and all tenants."""
    by_tenant = command_activity.by_tenant(now() - FAILURE_WINDOW)
    for module, figures in command_activity.by_module(by_tenant.values()).items():
        if figures.failed >= max(MIN_FAILURES, MIN_FAILURE_SHARE * figures.commands):
            yield Alert(
                name=f"commands:{module}",
                subject=gettext("Commands of {module} fail").format(module=module),
                text=gettext(
                    "{failed:,} of {commands:,} commands ended in an internal error within {minutes:.0f} minutes. "
                    "The page Command activity shows the tenants."
                ).format(
                    failed=figures.failed,
                    commands=figures.commands,
                    minutes=FAILURE_WINDOW / dt.timedelta(minutes=1),
                ),
            )
