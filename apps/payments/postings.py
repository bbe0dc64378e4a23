"""The entries of payments, refunds and credits."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch
from apps.kernel.money import Money
from apps.ledger import rules as ledger
from apps.ledger.commands import BookEntry, Line
from apps.ledger.models import Entry
from apps.settings import SettingDefinition
from apps.settings import queries as settings_queries
from apps.settings.business_day import business_day


def book(
    amount: Money,
    *,
    debit: SettingDefinition[str],
    credit: SettingDefinition[str],
    memo: str,
    reference: str,
    source: str,
    occurred_on: dt.date | None = None,
) -> Entry:
    """Books the amount to the accounts that the settings name: on the day (by default the business day), or on
    the first open day after it. Raises BookingImpossible."""
    iso, day = amount.currency.code, occurred_on or business_day()
    ledger.booking_must_be_possible(day, (debit, credit), currency=iso)
    entry: Entry = dispatch(
        BookEntry(
            occurred_on=day,
            memo=memo,
            reference=reference,
            source=source,
            lines=(
                Line(settings_queries.value(debit), iso, amount.amount),
                Line(settings_queries.value(credit), iso, -amount.amount),
            ),
        )
    )
    return entry
