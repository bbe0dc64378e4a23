"""When a message that was not taken is sent again, as the Standard Webhooks specification proposes it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import datetime as dt
import random
from email.utils import parsedate_to_datetime

from apps.kernel.clock import now

_SECOND, _MINUTE, _HOUR = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
WAITS = (
    5 * _SECOND,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""Between one attempt and the next; the first is made at once."""
MAX_ATTEMPTS = 1 + len(WAITS)
LONGEST_WAIT = 24 * _HOUR
RECEIVED_WAITS = (10 * _SECOND, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR)
"""Between one attempt to process what was received and the next: what it needs may only be told later."""


def after(attempts: int, waits: tuple[dt.timedelta, ...] = WAITS) -> dt.datetime | None:
    """When to try again after so many attempts; None when that was the last. A tenth of jitter keeps messages that
    failed together from coming back together."""
    if attempts > len(waits):
        return None
    return now() + waits[attempts - 1] * random.uniform(1, 1.1)  # noqa: S311 - jitter


def asked_for(retry_after: str) -> dt.datetime | None:
    """What the receiver's Retry-After says, in seconds or as a date, a day at most."""
    if not retry_after:
        return None
    try:
        wait = dt.timedelta(seconds=int(retry_after[:9]))
    except ValueError:
        return _until(retry_after)
    return now() + min(max(wait, dt.timedelta()), LONGEST_WAIT)


def _until(date: str) -> dt.datetime | None:
    try:
        instant = parsedate_to_datetime(date)
    except (ValueError, IndexError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return min(instant, now() + LONGEST_WAIT)
