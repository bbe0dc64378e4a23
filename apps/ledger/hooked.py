"""What the ledger plugs into the hooks of others."""

from apps.periods import hooks as periods

from . import rules

periods.closing_check(rules.no_draft_must_remain)
