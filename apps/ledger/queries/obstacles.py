"""What prevents a booking, before the first step that cannot be undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import Refusal, Together
from apps.ledger.errors import JournalUnknown
from apps.ledger.hooks import AccountSetting
from apps.ledger.models import Journal
from apps.periods import rules as periods

from .account_settings import inactive_accounts, unusable_accounts

GENERAL_JOURNAL = "GEN"


def booking_obstacles(
    day: dt.date,
    settings: Sequence[AccountSetting],
    *,
    accounts: Sequence[str] = (),
    currency: str = "",
    journal: str = GENERAL_JOURNAL,
) -> Sequence[Refusal]:
    """All refusals that an entry would meet: of accounts that `settings` name or that have the codes `accounts`, the
    currency (unless empty), the journal, or the lack of an open day on or after `day`."""
    collected = Together()
    collected.refusals.extend([*unusable_accounts(settings), *inactive_accounts(accounts)])
    if currency:
        collected.check(currency_must_be_valid_on, currency, day)
    if not Journal.objects.filter(code=journal).exists():
        collected.refusals.append(JournalUnknown(journal=journal))
    collected.check(periods.open_day_must_exist, day)
    return collected.refusals
