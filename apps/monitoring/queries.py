"""Queues, and deliveries with their tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from apps.events import queries as events
from apps.events.queries import Backlog
from apps.kernel.queues import wait_times
from apps.kernel.queues.wait_times import QueueStatus
from apps.kernel.tenant import HOME
from apps.tenancy import queries as tenants

if TYPE_CHECKING:
    from apps.events.models import Delivery


@dataclass(frozen=True)
class QueueOverview:
    """A queue: its status in the broker, and its deliveries."""

    broker: QueueStatus
    pending: int
    dead: int


def queues() -> Sequence[QueueOverview]:
    """In the order of the policy table. Raises wait_times.BROKER_ERRORS without a broker."""
    backlog = events.backlog_by_queue()
    return [
        QueueOverview(
            queue, backlog.get(queue.queue, Backlog()).pending, backlog.get(queue.queue, Backlog()).dead
        )
        for queue in wait_times.queue_statuses()
    ]


def deliveries(
    *, subscriber: str = "", tenant: str = "", status: str = "", database: str = HOME
) -> QuerySet[Delivery]:
    """Of one database, newest first."""
    rows = events.deliveries(database=database)
    if subscriber:
        rows = rows.filter(subscriber=subscriber)
    if tenant:
        rows = rows.filter(tenant_id__in=[row.pk for row in tenants.tenants(slug=tenant)])
    if status:
        rows = rows.filter(status=status)
    return rows


def tenant_names() -> dict[int | None, str]:
    """The short names of tenants by id, for rows without a foreign key."""
    names: dict[int | None, str] = {None: "the platform"}
    names.update(tenants.slugs_by_id().items())
    return names
