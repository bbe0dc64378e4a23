"""How long what is kept: each record is of a class, and the class says the years. The wiring says which (settings)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.conf import settings

ACCESS = "access"
"""Of those who looked at the audit log."""
READINGS = {"audit.read_audit_log", "audit.export_audit_log"}
ERASURE = "audit.erase_person"
ERASURES = "erasures"
"""Of what tells which texts were erased by right: kept as long as anything, apart, so that it is found at once."""


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


def kept_until(retention: str, at: dt.datetime) -> dt.datetime:
    """When a record of that class that was written at `at` may go."""
    return _years_later(at, classes().get(retention, max(classes().values())))


def may_go_before(retention: str, now: dt.datetime) -> dt.datetime:
    """Records of that class written before this instant may go now."""
    return _years_later(now, -classes().get(retention, max(classes().values())))


def _years_later(at: dt.datetime, years: int) -> dt.datetime:
    try:
        return at.replace(year=at.year + years)
    except ValueError:  # 29 February
        return at.replace(year=at.year + years, day=28)
