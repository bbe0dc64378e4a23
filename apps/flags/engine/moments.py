"""Dates and instants of conditions, in ISO 8601."""

from __future__ import annotations

from datetime import UTC, date, datetime


def parse(value: object) -> date | datetime | None:
    """A date, or an instant with a time zone (UTC if none is named); None if it is neither."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value if isinstance(value, date) else None


def _parsed(text: str) -> date | datetime | None:
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def comparable(value: date | datetime, to: date | datetime) -> date | datetime:
    """`value` as what `to` is: the day in UTC, or the start of the day in UTC."""
    if isinstance(to, datetime):
        return (
            value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
        )
    return _day(value) if isinstance(value, datetime) else value


def _day(instant: datetime) -> date:
    try:
        return instant.astimezone(UTC).date()
    except OverflowError:  # the first or last day of the calendar, in another time zone
        return instant.date()
