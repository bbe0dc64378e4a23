"""Implementations of the hooks of other apps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.attachments.hooks import attachable
from apps.backups.hooks import invariant
from apps.events.postponing import when_postponed
from apps.kernel.pii import NAME, REFERENCE, SOURCE, TEXT, declare_pii, exclude_from_clones
from apps.notices.hooks import declare_kind
from apps.periods import hooks as periods
from apps.settings import queries as settings_queries
from apps.tenancy.hooks import NewTenant, Retention, retention, set_up

from . import hooks, import_rules, queries, rules
from .announcing import IMPOSSIBLE_BOOKING, announce_postponed_booking
from .commands import SetUpLedger
from .setting_definitions import RETENTION_YEARS

periods.closing_check(rules.no_draft_must_remain)
periods.closing_check(import_rules.no_import_must_remain)
hooks.account_rule(rules.account_of_setting_must_take_postings)
when_postponed(announce_postponed_booking)
declare_kind(IMPOSSIBLE_BOOKING, _("you keep the books of this tenant, or own it"), "tenants")


@set_up("structure", order=30)
def general_journal(new: NewTenant) -> Iterable[SetUpLedger]:
    yield SetUpLedger()


@retention
def entry_retention() -> Retention | None:
    """The legal retention of entries after the end of their fiscal year (§ 147 AO, § 257 HGB)."""
    last = queries.last_year_with_entries()
    if last is None:
        return None
    until = dt.date(last.ends_on.year + settings_queries.value(RETENTION_YEARS), 12, 31)
    return Retention(until, f"the entries of {last}")


@invariant("trial balance")
def figures() -> list[list[str]]:
    """The balances of every account and currency."""
    return [
        [row.code, row.currency, str(row.debit), str(row.credit), str(row.closing)]
        for row in queries.trial_balance(by="total")
    ]


declare_pii("ledger.Entry", memo=TEXT, payee=NAME, reference=REFERENCE, source=SOURCE)
declare_pii("ledger.EntryLine", memo=TEXT)
declare_pii("ledger.JournalImport", name=TEXT)
exclude_from_clones("ledger.StagedEntry")  # without its job

attachable("ledger.Entry", title=_("entry"))
