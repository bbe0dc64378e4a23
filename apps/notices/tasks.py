"""The hints ("look at this notice", hints.py), the net under them, and the watch over alerts."""

from __future__ import annotations

from celery import shared_task

from apps.kernel.periodic import every
from apps.kernel.queues import LowTask

from . import alerts, hints, purging, queries, sending


@shared_task(base=LowTask, name=hints.SEND)
def send(notice_id: int) -> None:
    """What is left when its time is over goes to the end of the queue, so that others have their turn."""
    if sending.send_due(notice_id):
        hints.now(notice_id)


@every(seconds=60, base=LowTask, name="notices.sweep")
def sweep() -> None:
    """Hint at everything that is due."""
    for notice_id in queries.notices_with_due_copies():
        hints.now(notice_id)


@every(seconds=60, base=LowTask, name="notices.watch", where="platform")
def watch() -> None:
    alerts.look()


@every(seconds=24 * 3600, base=LowTask, name="notices.purge")
def purge() -> None:
    purging.purge()
