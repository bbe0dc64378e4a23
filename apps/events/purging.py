"""Old events go, a few at a time, when everybody has heard them.

The runtime can lose no event: it has no right to delete one. It calls a function of the owner's, which removes what
was routed, is settled with every listener, and is older than asked; never what is younger than a day.
"""

from __future__ import annotations

import datetime as dt
import logging
import time

from django.db import connection

AT_ONCE = 1_000
LONGEST_SECONDS = 60.0
log = logging.getLogger(__name__)


def purge(*, before: dt.datetime) -> int:
    """Remove what happened before the instant. Returns how many; the rest is for the next time."""
    removed, ends_at = 0, time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends_at:
        batch = _purge_batch(before)
        removed += batch
        if batch < AT_ONCE:
            break
    if removed:
        log.info("%s events from before %s were removed.", removed, before)
    return removed


def _purge_batch(before: dt.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_purge(%s, %s)", [before, AT_ONCE])
        return int(cursor.fetchone()[0])
