"""The tick of Celery beat, and scheduled tasks."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from apps.kernel.db import databases
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask, LowTask

from . import fanout, tenant_schemas


@shared_task(base=DefaultTask, name="tenancy.tick", platform=True)
def tick() -> None:
    fanout.tick()


@every(seconds=30, base=LowTask, name="tenancy.refill_spares", where="platform")
def refill_spares() -> None:
    for key in databases.known():
        with databases.skip_if_unreachable(key):
            tenant_schemas.refill(settings.SPARE_TENANTS, key)
