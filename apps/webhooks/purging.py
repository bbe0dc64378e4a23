"""What other systems said is forgotten when its time is over, a few at a time. What is still to be processed stays."""

from __future__ import annotations

import datetime as dt
import logging
import time

from .models import Received

AT_ONCE = 1_000
LONGEST_SECONDS = 60.0
log = logging.getLogger(__name__)


def purge(*, before: dt.datetime) -> int:
    """Remove what was received before the instant and is settled. Returns how many; the rest is for the next time."""
    old, removed = Received.objects.settled().filter(received_at__lt=before), 0
    ends_at = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends_at:
        batch = old.filter(pk__in=list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])).delete()[0]
        removed += batch
        if batch < AT_ONCE:
            break
    if removed:
        log.info("%s received messages from before %s were removed.", removed, before)
    return removed
