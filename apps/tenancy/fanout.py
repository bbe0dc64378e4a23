"""The one task of Celery beat: sends each scheduled task to every tenant once per slot, in chunks.

Beat only ticks. The slot and the progress of each task are in one row (`ScheduledRun`), so two beats, a repeated
message or a killed worker do no harm: the process that locks the row sends the next chunk. A crash between sending a
chunk and saving its progress repeats that chunk, so scheduled tasks must be idempotent. Missed slots are not made up
for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import current_app
from django.db import transaction

from apps.kernel.clock import now
from apps.kernel.queues import broker
from apps.kernel.queues.periodic import PERIODIC, Periodic
from apps.kernel.queues.tenant_task import PLATFORM

from .lifecycle import having
from .models import ScheduledRun, Tenant

CHUNK_SIZE = 200
PLATFORM_ID = 0  # sorts before all tenants, whose ids begin at 1
EXPIRY_SLOTS = 10
"""A message expires unprocessed after so many slots: later messages replace it."""
log = logging.getLogger(__name__)


def tick() -> int:
    """Send the due tasks. Returns the number of messages sent."""
    current_app.loader.import_default_modules()  # the tasks of all apps have declared themselves
    return sum(_send_all(job) for job in [*PERIODIC.values()])


def _send_all(job: Periodic) -> int:
    _begin(job)
    sent = 0
    try:
        while chunk := _send_next(job):
            sent += chunk
    except broker.errors() as error:
        log.warning("The scheduled run of %s waits for the broker: %s", job.task, error)
    return sent


def _begin(job: Periodic) -> None:
    """Begin the present slot, if the previous run has ended."""
    slot = job.slot(now())
    ScheduledRun.objects.get_or_create(task=job.task, defaults={"slot_at": slot, "begun_at": now()})
    ScheduledRun.objects.ended().filter(task=job.task, slot_at__lt=slot).update(
        slot_at=slot, progress=ScheduledRun.NOT_STARTED, begun_at=now(), ended_at=None
    )


def _send_next(job: Periodic) -> int:
    """The next chunk of the open run, unless another process holds it. Returns the number of messages sent."""
    with transaction.atomic():
        run = ScheduledRun.objects.open().filter(task=job.task).select_for_update(skip_locked=True).first()
        if run is None:
            return 0
        targets = _after(run.progress, job)
        if targets:
            send(job, targets)
            run.progress = targets[-1]
        if len(targets) < CHUNK_SIZE:
            run.ended_at = now()
        run.save()
    return len(targets)


def _after(progress: int, job: Periodic) -> Sequence[int]:
    """The next ids; tenants created meanwhile have the highest."""
    platform = [PLATFORM_ID] if job.where != "tenants" and progress < PLATFORM_ID else []
    if job.where == "platform":
        return platform
    tenants = Tenant.objects.filter(having("beats"), pk__gt=max(progress, PLATFORM_ID))
    return [*platform, *tenants.order_by("pk").values_list("pk", flat=True)[: CHUNK_SIZE - len(platform)]]


def send(job: Periodic, targets: Sequence[int]) -> None:
    with broker.batch(CHUNK_SIZE) as producer:
        for target in targets:
            current_app.send_task(
                job.task,
                queue=job.queue,
                producer=producer,
                expires=EXPIRY_SLOTS * max(job.seconds, 60),
                headers={"tenant": target or PLATFORM},
            )
