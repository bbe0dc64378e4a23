"""Local times of a time zone as instants.

A time that does not exist, when clocks go forward, moves forward by the gap: 02:30 becomes 03:30. A time that occurs
twice, when clocks go back, is the first one.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

from .errors import LocalTimeMalformed, TimeZoneUnknown

_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)


def instant_of(local_time: str, time_zone: str) -> dt.datetime:
    """Raises LocalTimeMalformed, TimeZoneUnknown."""
    zone, naive = _zone(time_zone), _parsed(local_time)
    try:
        return naive.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)
    except OverflowError:
        raise LocalTimeMalformed(local_time=local_time[:40]) from None


def _parsed(local_time: str) -> dt.datetime:
    if not _FORM.fullmatch(local_time):
        raise LocalTimeMalformed(local_time=local_time[:40])
    try:
        return dt.datetime.fromisoformat(local_time)
    except ValueError:
        raise LocalTimeMalformed(local_time=local_time) from None


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (
        zoneinfo.ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # OSError: a folder of zones, such as Europe
        raise TimeZoneUnknown(time_zone=name[:80]) from None
