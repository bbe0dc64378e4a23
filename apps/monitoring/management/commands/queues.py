"""`manage.py queues`: the status of the queues."""

from __future__ import annotations

from typing import Any

from apps.console.terminal import BursarCommand, Output
from apps.kernel.queues import wait_times
from apps.monitoring import queries
from apps.monitoring.errors import BrokerUnreachable
from apps.monitoring.queries import QueueOverview

COLUMNS = (
    "queue",
    "state",
    "waiting",
    "oldest (s)",
    "alert (s)",
    "in progress",
    "limit (s)",
    "retries",
    "pending",
    "dead",
)


class Command(BursarCommand):
    help = "Print the backlog, age and limits of each queue."

    def run(self, **options: Any) -> Output:
        try:
            states = queries.queues()
        except wait_times.BROKER_ERRORS as error:
            raise BrokerUnreachable from error
        return Output(_table(states), {"queues": [_plain(state) for state in states]})


def _plain(state: QueueOverview) -> dict[str, Any]:
    at = state.broker
    return {
        "queue": at.queue,
        "alert": at.alert,
        "waiting": at.depth,
        "oldest_seconds": round(at.oldest, 1),
        "alert_seconds": at.policy.wait_alert,
        "in_progress": at.unacked,
        "time_limit_seconds": at.policy.time_limit,
        "retries": at.policy.retries,
        "deliveries_pending": state.pending,
        "deliveries_dead": state.dead,
    }


def _table(states: Any) -> str:
    rows = [COLUMNS, *(_row(state) for state in states)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(state: QueueOverview) -> tuple[str, ...]:
    at = state.broker
    label = "WAITS TOO LONG" if at.alert else "working" if at.depth else "empty"
    in_progress = "-" if at.unacked is None else at.unacked
    figures = (at.depth, f"{at.oldest:.0f}", at.policy.wait_alert, in_progress)
    allowed = (at.policy.time_limit, at.policy.retries, state.pending, state.dead)
    return at.queue, label, *(str(figure) for figure in (*figures, *allowed))
