"""Deletes settled messages after the retention period, in batches. Pending messages are retained."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db import transaction

from .models import Attempt, Message, Received

BATCH_SIZE = 1_000
MAX_DURATION_S = 60.0
log = logging.getLogger(__name__)


def purge_received(*, before: dt.datetime) -> int:
    """Deletes settled messages that were received before the instant, except locked ones. Returns their number."""

    def batch() -> int:
        with transaction.atomic():
            old = (
                Received.objects.settled().filter(received_at__lt=before).select_for_update(skip_locked=True)
            )
            chosen = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE])
            return Received.objects.filter(pk__in=chosen).delete()[0]

    return _in_batches(batch, f"received messages from before {before} were removed")


def purge_sent(*, before: dt.datetime) -> int:
    """Deletes messages that were settled before the instant, except locked ones, and their attempts. Returns their
    number."""

    def batch() -> int:
        with transaction.atomic():
            old = Message.objects.settled().filter(finished_at__lt=before).select_for_update(skip_locked=True)
            chosen = list(old.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE])
            Attempt.objects.filter(message__in=chosen).delete()
            Message.objects.filter(pk__in=chosen).delete()
        return len(chosen)

    return _in_batches(batch, f"messages that were settled before {before} were removed")


def _in_batches(remove: Callable[[], int], description: str) -> int:
    removed, ends_at = 0, time.monotonic() + MAX_DURATION_S
    while time.monotonic() < ends_at:
        batch = remove()
        removed += batch
        if batch < BATCH_SIZE:
            break
    if removed:
        log.info("%s %s.", removed, description)
    return removed
