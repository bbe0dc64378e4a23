"""What periods plug into hooks: their own closing check is the first; a new tenant begins with this year's."""

from collections.abc import Iterable

from apps.bus import Command
from apps.kernel.pii import NAME, TEXT, declare_pii
from apps.tenancy.hooks import NewTenant, set_up

from . import hooks, rules
from .commands import DefineCalendar, GenerateYear

hooks.closing_check(rules.earlier_periods_must_be_closed)


@set_up("structure", order=20)
def first_year(new: NewTenant) -> Iterable[Command]:
    yield DefineCalendar(name="Standard")
    yield GenerateYear(year=new.begins_on.year)


declare_pii("periods.Period", closed_by=NAME, close_reason=TEXT)
