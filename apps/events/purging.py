"""Deletes old settled events, in batches.

The runtime has no right to delete an event. It calls a function of the database owner, which deletes events that are
routed, settled for every subscriber, older than the cutoff and never younger than a day.
"""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.db import connection

BATCH_SIZE = 1_000
MAX_DURATION_S = 60.0
log = logging.getLogger(__name__)


def purge(*, before: dt.datetime) -> int:
    """Deletes events from before the instant, within the time limit. Returns their number."""
    removed, ends_at = 0, time.monotonic() + MAX_DURATION_S
    while time.monotonic() < ends_at:
        batch = _purge_batch(before)
        removed += batch
        if batch < BATCH_SIZE:
            break
    if removed:
        log.info("%s events from before %s were removed.", removed, before)
    return removed


def _purge_batch(before: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_purge(%s, %s)", [before, BATCH_SIZE])
        return int(cursor.fetchone()[0])
