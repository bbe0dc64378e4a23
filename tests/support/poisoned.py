"""A Celery application whose worker has a listener that kills the process: `celery -A tests.support.poisoned worker`.

The listener comes when the worker's processes start: a worker does not start with one that no module declares.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from celery import signals

from config.celery import app

__all__ = ["app", "listen"]


@signals.worker_process_init.connect
def listen(**_: Any) -> None:
    from apps.events import deliveries, listens_to
    from apps.kernel.db.retries import Backoff
    from tests.support.shelf import ShelfFilled

    deliveries.LAST_LEASE = dt.timedelta(milliseconds=10)
    deliveries.BACKOFF = Backoff((deliveries.LAST_LEASE,) * 7)
    count_books.__module__ = "apps.companies.listeners"
    listens_to(ShelfFilled)(count_books)


def count_books(event: Any) -> None:
    if event.shelf == 13:
        os._exit(1)
