"""What periods plug into hooks: their own closing check is the first."""

from . import hooks, rules

hooks.closing_check(rules.earlier_periods_must_be_closed)
