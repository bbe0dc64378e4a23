"""What other systems said and what they were told is forgotten when its time is over, a few at a time. What is still to
be processed or sent stays."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db import transaction

from .models import Attempt, Message, Received

AT_ONCE = 1_000
LONGEST_SECONDS = 60.0
log = logging.getLogger(__name__)


def purge_received(*, before: dt.datetime) -> int:
    """Remove what was received before the instant and is settled. What somebody processes again at this moment is his.
    Returns how many; the rest is for the next time."""

    def batch() -> int:
        with transaction.atomic():
            old = (
                Received.objects.settled().filter(received_at__lt=before).select_for_update(skip_locked=True)
            )
            chosen = list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
            return Received.objects.filter(pk__in=chosen).delete()[0]

    return _in_batches(batch, f"received messages from before {before} were removed")


def purge_sent(*, before: dt.datetime) -> int:
    """Remove what was settled before the instant, with its attempts. What somebody sends again at this moment is his.
    Returns how many; the rest is for the next time."""

    def batch() -> int:
        with transaction.atomic():
            old = Message.objects.settled().filter(done_at__lt=before).select_for_update(skip_locked=True)
            chosen = list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
            Attempt.objects.filter(message__in=chosen).delete()
            Message.objects.filter(pk__in=chosen).delete()
        return len(chosen)

    return _in_batches(batch, f"messages that were settled before {before} were removed")


def _in_batches(remove: Callable[[], int], what: str) -> int:
    removed, ends_at = 0, time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends_at:
        batch = remove()
        removed += batch
        if batch < AT_ONCE:
            break
    if removed:
        log.info("%s %s.", removed, what)
    return removed
