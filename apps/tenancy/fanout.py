"""Beat's one task: sends what comes round to every tenant, in chunks, and no slot twice.

Beat only knocks. What is due, and how far it has been sent, stands in one row for each task (`Round`), so that two
beats, a message that comes twice, and a worker that dies halfway change nothing: whoever holds the row sends the next
chunk. Only a crash between sending a chunk and noting it repeats that chunk; tasks are right when they run twice.
Slots that passed while nobody was there are not made up for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import current_app
from django.db import transaction
from kombu.exceptions import BatchPublishError  # type: ignore[attr-defined]
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.clock import now
from apps.kernel.periodic import PERIODIC, Periodic
from apps.kernel.queues import PLATFORM

from .lifecycle import having
from .models import Round, Tenant

CHUNK = 200
PLATFORM_FIRST = 0  # its place before all tenants, whose ids begin at 1
LATE = 10
"""In so many rounds a message that was not worked on is given up: later ones have the same to say."""
log = logging.getLogger(__name__)


def tick() -> int:
    """Send what is due. Returns how many messages were sent."""
    current_app.loader.import_default_modules()  # the tasks of all apps have declared themselves
    return sum(_work_on(job) for job in [*PERIODIC.values()])


def _work_on(job: Periodic) -> int:
    _begin(job)
    sent = 0
    try:
        while chunk := _send_next(job):
            sent += chunk
    except (OSError, BrokerAway, BatchPublishError, *_broker_errors()) as error:
        log.warning("The round of %s waits for the broker: %s", job.task, error)
    return sent


def _begin(job: Periodic) -> None:
    """Open the present slot, once the one before is sent to its end."""
    slot = job.slot(now())
    Round.objects.get_or_create(task=job.task, defaults={"slot_at": slot, "begun_at": now()})
    Round.objects.ended().filter(task=job.task, slot_at__lt=slot).update(
        slot_at=slot, reached=Round.NOBODY, begun_at=now(), ended_at=None
    )


def _send_next(job: Periodic) -> int:
    """The next chunk of the open round, if nobody else is at it. Returns how many were sent."""
    with transaction.atomic():
        mine = Round.objects.open().filter(task=job.task).select_for_update(skip_locked=True).first()
        if mine is None:
            return 0
        targets = _after(mine.reached, job)
        if targets:
            send(job, targets)
            mine.reached = targets[-1]
        if len(targets) < CHUNK:
            mine.ended_at = now()
        mine.save()
    return len(targets)


def _after(reached: int, job: Periodic) -> Sequence[int]:
    """Whose turn is next, by id; tenants that come meanwhile have the highest."""
    platform = [PLATFORM_FIRST] if job.where != "tenants" and reached < PLATFORM_FIRST else []
    if job.where == "platform":
        return platform
    served = Tenant.objects.filter(having("beats"), pk__gt=max(reached, PLATFORM_FIRST))
    return [*platform, *served.order_by("pk").values_list("pk", flat=True)[: CHUNK - len(platform)]]


def send(job: Periodic, targets: Sequence[int]) -> None:
    with (
        current_app.producer_pool.acquire(block=True, timeout=5) as producer,
        producer.batch(CHUNK),  # type: ignore[attr-defined]
    ):
        for target in targets:
            current_app.send_task(
                job.task,
                queue=job.queue,
                producer=producer,
                expires=LATE * max(job.seconds, 60),
                headers={"tenant": target or PLATFORM},
            )


def _broker_errors() -> tuple[type[BaseException], ...]:
    return tuple(current_app.connection_for_write().connection_errors)
