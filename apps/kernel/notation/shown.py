"""Days and instants as pages show them: one form of each, instants with the name of their time zone."""

from __future__ import annotations

import datetime as dt

from django.utils.formats import date_format
from django.utils.timezone import localtime

DAY, INSTANT, SECOND = "Y-m-d", "Y-m-d H:i T", "Y-m-d H:i:s T"
"""Formats of Django, as in `config.formats` and in the templates."""


def shown_day(day: dt.date) -> str:
    """2026-11-29"""
    return day.isoformat()


def shown_instant(instant: dt.datetime, *, seconds: bool = False) -> str:
    """2026-11-29 23:09 UTC, in the current time zone, which is that of the tenant on the pages of its console."""
    return date_format(localtime(instant), SECOND if seconds else INSTANT)
