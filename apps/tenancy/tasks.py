"""What beat knocks at."""

from __future__ import annotations

from celery import shared_task

from apps.kernel.queues import DefaultTask

from . import fanout


@shared_task(base=DefaultTask, name="tenancy.tick", platform=True)
def tick() -> None:
    fanout.tick()
