"""Implementations of hooks: the first closing checks, a kind of notices, and the first fiscal year of a new tenant."""

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.flags.hooks import open_period_source
from apps.kernel.pii import NAME, TEXT, declare_pii
from apps.notices.hooks import declare_kind
from apps.tenancy.hooks import NewTenant, set_up

from . import hooks, queries, rules
from .commands import AddFiscalYear, DefineCalendar
from .extension import MISSING_YEAR

hooks.closing_check(rules.period_must_have_ended)
hooks.closing_check(rules.earlier_periods_must_be_closed)
declare_kind(MISSING_YEAR, _("you keep the books of this tenant, or own it"), "tenants")


@set_up("structure", order=20)
def first_year(new: NewTenant) -> Iterable[Command]:
    yield DefineCalendar(name="Standard")
    yield AddFiscalYear(year=new.begins_on.year)


@open_period_source
def open_period(day: dt.date) -> str:
    """Flags that guard postings do not change within it without an approval."""
    period = queries.period_of(day)
    return period.code if period and period.is_open else ""


declare_pii("periods.Period", closed_by=NAME, close_reason=TEXT)
