"""What beat knocks at, and what comes round."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings

from apps.kernel import databases
from apps.kernel.periodic import every
from apps.kernel.queues import DefaultTask, KeepingTask, LowTask

from . import fanout, provisioning
from .transfer import asking, drilling, keeping
from .transfer.errors import TransferBusy

log = logging.getLogger("bursar.backups")


@shared_task(base=DefaultTask, name="tenancy.tick", platform=True)
def tick() -> None:
    fanout.tick()


@every(seconds=30, base=LowTask, name="tenancy.refill_spares", where="platform")
def refill_spares() -> None:
    for key in databases.known():
        provisioning.refill(settings.SPARE_TENANTS, key)


@every(seconds=60, base=LowTask, name="tenancy.ask_for_backups", where="platform")
def ask_for_backups() -> None:
    asking.ask()
    asking.hint()


@shared_task(base=KeepingTask, name=asking.BACK_UP, platform=True)
def back_up(number: int) -> None:
    """One that fails says so in its row, and is asked for again."""
    try:
        keeping.work_on(number)
    except TransferBusy as busy:
        log.info("The backup %s waits: %s", number, busy)


@shared_task(base=KeepingTask, name=asking.DRILL, platform=True)
def drill(number: int) -> None:
    drilling.work_on(number)


@every(seconds=3600, base=KeepingTask, name="tenancy.remove_old_backups", where="platform")
def remove_old_backups() -> None:
    keeping.prune()
    drilling.clear_away()
