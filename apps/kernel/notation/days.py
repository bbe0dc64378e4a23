"""Dates and instants as text."""

from __future__ import annotations

import datetime as dt
import re

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid

from .amounts import shortened

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


class DayMalformed(Invalid):
    message = _("{text!r} is not a date: write YYYY-MM-DD.")


class InstantMalformed(Invalid):
    message = _("{text!r} is not a time: write YYYY-MM-DDTHH:MM:SSZ, such as 2026-01-31T12:30:00Z.")


def parse_day(text: str) -> dt.date:
    """Raises DayMalformed for another form than YYYY-MM-DD, and for a day that no calendar has."""
    try:
        return dt.date.fromisoformat(_must_match(_DAY, text))
    except ValueError:
        raise DayMalformed(text=shortened(text)) from None


def parse_instant(text: str, zone: dt.tzinfo = dt.UTC) -> dt.datetime:
    """The instant in UTC. A text without an offset is a time of `zone`, and a date is its midnight.

    Raises InstantMalformed.
    """
    try:
        instant = dt.datetime.fromisoformat(_must_match(_INSTANT, text))
        return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise InstantMalformed(text=shortened(text)) from None


def _must_match(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text
