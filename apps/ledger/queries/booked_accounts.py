"""The accounts of an earlier entry. What settles, refunds or reverses the entry is booked there, and not on the account
that a setting names by then: else a balance would remain on the earlier account for ever."""

from __future__ import annotations

from apps.ledger.hooks import AccountSetting
from apps.ledger.models import Account, Entry


def debited_account(entry: Entry) -> Account:
    """Of an entry with one debit."""
    account: Account = entry.lines.select_related("account").get(amount_minor__gt=0).account
    return account


def credited_account(entry: Entry) -> Account:
    """Of an entry with one credit."""
    account: Account = entry.lines.select_related("account").get(amount_minor__lt=0).account
    return account


def booked_or_named(account: Account, setting: AccountSetting) -> str | AccountSetting:
    """The code of the account while it takes postings, and otherwise the setting: a bank account that was closed
    pays no refund."""
    return account.code if account.is_active else setting
