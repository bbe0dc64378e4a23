"""Refusals of periods."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class PeriodsRefusal(Refusal):
    """Base of the refusals of periods."""


class CalendarMissing(PeriodsRefusal, Conflict):
    message = _("No fiscal calendar is defined yet.")


class CalendarIsDefined(PeriodsRefusal, Conflict):
    message = _("The fiscal calendar is already defined.")
    enforced_by = ("periods_one_calendar",)


class CalendarNameMissing(PeriodsRefusal, Invalid):
    message = _("A fiscal calendar needs a name.")


class MonthUnknown(PeriodsRefusal, Invalid):
    message = _("{month} is not a month: write 1 to 12.")
    enforced_by = ("periods_calendar_first_month",)


class YearOutOfRange(PeriodsRefusal, Invalid):
    message = _("{year} is not a valid fiscal year: write {first} to {last}.")


class YearNotAdjacent(PeriodsRefusal, Conflict):
    message = _("The fiscal year {year} is not adjacent to the existing years: add {before} or {after}.")


class YearBeforeClosedPeriod(PeriodsRefusal, Conflict):
    message = _("The fiscal year {year} cannot be added before the closed period {period}.")


class PeriodNotFound(PeriodsRefusal, NotFound):
    message = _("There is no period {period_id}.")


class PeriodOverlaps(PeriodsRefusal, Conflict):
    message = _("The fiscal year {year} overlaps with existing periods.")
    enforced_by = (
        "periods_years_do_not_overlap",
        "periods_do_not_overlap",
        "periods_year_code_once",
        "periods_period_code_once",
    )


class YearHasGaps(PeriodsRefusal, Invalid):
    message = _("The periods of the fiscal year {year} do not cover each of its days.")
    enforced_by = ("BP001",)


class PeriodIsClosed(PeriodsRefusal, Conflict):
    message = _("Period {period} is closed.")
    enforced_by = ("BP002",)


class NoPeriodForDay(PeriodsRefusal, Conflict):
    message = _("No period covers {day}.")


class NoOpenDay(PeriodsRefusal, Conflict):
    message = _("No period is open on {day} or later: add a fiscal year.")
    postpones = True


class DayTooFarAhead(PeriodsRefusal, Invalid):
    message = _("{day} is more than {years} fiscal years after the last one: add them one by one.")


class PeriodNotEnded(PeriodsRefusal, Conflict):
    message = _("Period {period} can be closed after its last day, {ends_on}.")
    enforced_by = ("periods_closed_after_its_end",)


class EarlierPeriodIsOpen(PeriodsRefusal, Conflict):
    message = _("Period {earlier} must be closed before {period}.")
    enforced_by = ("BP003",)


class PeriodsAreImmutable(PeriodsRefusal, Conflict):
    message = _("Fiscal years and periods cannot be changed or deleted; a period can only be closed.")
    enforced_by = ("BP004",)


class PeriodIsNotLocked(PeriodsRefusal, Conflict):
    message = _("Period {period} can only be closed under its lock, in READ COMMITTED.")
    enforced_by = ("BP005",)


class ReasonTooShort(PeriodsRefusal, Invalid):
    message = _("A reason of at least {minimum} characters is needed.")
