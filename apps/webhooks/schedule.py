"""The retry schedule, as the Standard Webhooks specification proposes it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

from apps.kernel.clock import now
from apps.kernel.db.retries import Backoff
from apps.kernel.notation import is_whole_number

_SECOND, _MINUTE, _HOUR = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
SENDING = Backoff(
    (
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
)
PROCESSING = Backoff((10 * _SECOND, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR))
"""For a received message, which may depend on a later one."""
MAX_RETRY_AFTER = 24 * _HOUR


def parse_retry_after(retry_after: str) -> dt.datetime | None:
    """The instant of a Retry-After header in seconds or as a date, at most a day ahead."""
    if not retry_after:
        return None
    if not is_whole_number(retry_after):
        return _until(retry_after)
    wait = dt.timedelta(seconds=min(int(retry_after), 10**9))
    return now() + min(max(wait, dt.timedelta()), MAX_RETRY_AFTER)


def _until(date: str) -> dt.datetime | None:
    try:
        instant = parsedate_to_datetime(date)
    except (ValueError, IndexError, OverflowError):
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=dt.UTC)
    return min(instant, now() + MAX_RETRY_AFTER)
