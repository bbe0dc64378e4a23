"""The commands of periods."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class DefineCalendar(Command):
    """Define the fiscal calendar: its name, and the month in which each fiscal year begins."""

    permission = "periods.manage_calendar"
    audit_message = gettext_noop("defined the fiscal calendar {result}")

    name: str
    first_month: int = 1


@dataclass(frozen=True, kw_only=True)
class AddFiscalYear(Command):
    """Add a fiscal year with its twelve open periods. It must be adjacent to the existing years."""

    permission = "periods.manage_calendar"
    audit_message = gettext_noop("added the fiscal year {result}")

    year: int


@dataclass(frozen=True, kw_only=True)
class ExtendCalendar(Command):
    """Add the fiscal years that are missing up to and including a day. Nothing changes if none is missing."""

    permission = "periods.manage_calendar"
    audit_message = gettext_noop("extended the fiscal calendar to {result}")

    until: dt.date


@dataclass(frozen=True, kw_only=True)
class ClosePeriod(Command):
    """Close a period permanently: no entry can be posted into it. It must have ended, and all earlier periods must be
    closed."""

    permission = "periods.close_period"
    audit_message = gettext_noop("closed period {result}")

    period_id: int
    reason: str
