"""Retention: each record has a class, and each class a number of years. The settings map apps to classes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings

ACCESS = "access"
"""The class of read access to the audit log."""
READINGS = {"audit.read_audit_log", "audit.export_audit_log"}
ERASURE = "audit.erase_person"
ERASURES = "erasures"
"""The class of erasures. It has the longest retention, because verification needs them, and is separate for a fast
lookup."""


def class_of(command: str) -> str:
    """By the command's app: `ledger.post_entry` is financial."""
    if command in READINGS:
        return ACCESS
    if command == ERASURE:
        return ERASURES
    families: Mapping[str, str] = settings.AUDIT_RETENTION_OF
    return families.get(command.partition(".")[0], "default")


def classes() -> Mapping[str, int]:
    """Class → years."""
    years: Mapping[str, int] = settings.AUDIT_RETENTION_YEARS
    return {**years, ERASURES: max(years.values())}


def retained_until(retention: str, at: dt.datetime) -> dt.datetime:
    """When the retention of a record of that class ends that was written at `at`."""
    return _years_later(at, classes().get(retention, max(classes().values())))


def may_go_before(retention: str, now: dt.datetime) -> dt.datetime:
    """The retention of records of that class written before this instant has ended."""
    return _years_later(now, -classes().get(retention, max(classes().values())))


def _years_later(at: dt.datetime, years: int) -> dt.datetime:
    try:
        return at.replace(year=at.year + years)
    except ValueError:  # 29 February
        return at.replace(year=at.year + years, day=28)
