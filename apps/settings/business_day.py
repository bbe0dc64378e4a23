"""The business day: the day of an instant where the current tenant is. UTC's day may be in another month or year."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from apps.kernel.clock import now

from . import queries
from .setting_definitions import TIME_ZONE


def business_day(instant: dt.datetime | None = None) -> dt.date:
    """The day of the instant (aware; by default now) in the time zone of the current tenant, or of the platform.

    Whatever takes its day from the clock takes it here: automatic postings, documents, months of dashboards, and the
    default days of forms.
    """
    return (instant or now()).astimezone(zoneinfo.ZoneInfo(queries.value(TIME_ZONE))).date()


def end_of_business_day(day: dt.date) -> dt.datetime:
    """The instant after the last one of the day, in the same time zone."""
    following = day + dt.timedelta(days=1)
    return dt.datetime.combine(following, dt.time(), zoneinfo.ZoneInfo(queries.value(TIME_ZONE)))
