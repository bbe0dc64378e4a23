"""Implementations of hooks: the first closing check, and the first fiscal year of a new tenant."""

from collections.abc import Iterable

from apps.bus import Command
from apps.kernel.pii import NAME, TEXT, declare_pii
from apps.tenancy.hooks import NewTenant, set_up

from . import hooks, rules
from .commands import AddFiscalYear, DefineCalendar

hooks.closing_check(rules.earlier_periods_must_be_closed)


@set_up("structure", order=20)
def first_year(new: NewTenant) -> Iterable[Command]:
    yield DefineCalendar(name="Standard")
    yield AddFiscalYear(year=new.begins_on.year)


declare_pii("periods.Period", closed_by=NAME, close_reason=TEXT)
