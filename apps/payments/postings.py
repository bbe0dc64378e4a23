"""The entries of payments, refunds and credits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from apps.bus import dispatch
from apps.kernel.money import Money
from apps.ledger import rules as ledger
from apps.ledger.commands import BookEntry, Line
from apps.ledger.hooks import AccountSetting
from apps.ledger.models import Entry
from apps.settings import queries as settings_queries
from apps.settings.business_day import business_day

BookedOn = str | AccountSetting
"""The code of an account, of the entry that is settled, or the setting that names it."""


def book(
    amount: Money,
    *,
    debit: BookedOn | Mapping[str, Money],
    credit: BookedOn,
    memo: str,
    reference: str,
    source: str,
    occurred_on: dt.date | None = None,
    settles: Entry | None = None,
) -> Entry:
    """Books the amount, of which `debit` may have parts by account: on the day (by default the business day), or on
    the first open day after it; in the currency of the entry that it settles, or of the day.
    Raises BookingImpossible."""
    iso, day = amount.currency.code, occurred_on or business_day()
    debits = debit if isinstance(debit, Mapping) else {debit: amount}
    sides = (*debits, credit)
    ledger.booking_must_be_possible(
        day,
        [side for side in sides if not isinstance(side, str)],
        accounts=[side for side in sides if isinstance(side, str)],
        currency="" if settles else iso,
    )
    entry: Entry = dispatch(
        BookEntry(
            occurred_on=day,
            memo=memo,
            reference=reference,
            source=source,
            settles=settles.pk if settles else 0,
            lines=(
                *(Line(_code(account), iso, part.amount) for account, part in debits.items()),
                Line(_code(credit), iso, -amount.amount),
            ),
        )
    )
    return entry


def _code(side: BookedOn) -> str:
    return side if isinstance(side, str) else settings_queries.value(side)
