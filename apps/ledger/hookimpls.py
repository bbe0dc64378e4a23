"""What the ledger plugs into the hooks of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from apps.kernel.pii import NAME, TEXT, declare_pii
from apps.periods import hooks as periods
from apps.settings import queries as settings_queries
from apps.tenancy.hooks import Kept, NewTenant, proof, retention, set_up

from . import queries, rules
from .commands import SetUpBooks
from .setting_definitions import RETENTION_YEARS

periods.closing_check(rules.no_draft_must_remain)


@set_up("structure", order=30)
def books(new: NewTenant) -> Iterable[SetUpBooks]:
    yield SetUpBooks()


@retention
def books_are_kept() -> Kept | None:
    """Entries are kept for so many years after the end of the fiscal year in which they were posted, as § 147 AO and
    § 257 HGB have it."""
    last = queries.last_year_with_entries()
    if last is None:
        return None
    until = dt.date(last.ends_on.year + settings_queries.value(RETENTION_YEARS), 12, 31)
    return Kept(until, f"the books of {last}")


@proof("trial balance")
def figures() -> list[list[str]]:
    """What every account has, in each currency."""
    return [
        [row.code, row.currency, str(row.debit), str(row.credit), str(row.closing)]
        for row in queries.trial_balance(by="total")
    ]


declare_pii("ledger.Entry", memo=TEXT, payee=NAME, reference=TEXT)
declare_pii("ledger.EntryLine", memo=TEXT)
declare_pii("ledger.JournalImport", name=TEXT)
