"""Validation of entries, accounts and journals."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from apps.attachments import queries as attachments
from apps.kernel.db.locks import Lock
from apps.kernel.errors import raise_all, together
from apps.kernel.money import Money
from apps.kernel.text import is_visible
from apps.periods import rules as periods
from apps.periods.models import Period

from .commands import Line
from .errors import (
    AccountCodeTaken,
    AccountHasChildren,
    AccountHasPostings,
    AccountIsActive,
    AccountIsFixed,
    AccountIsInactive,
    AccountIsNamedBySetting,
    AccountIsOnDrafts,
    AccountNameMissing,
    AccountNameTaken,
    AccountTypeDiffers,
    AccountTypeUnknown,
    AccountUnknown,
    BookingImpossible,
    DraftHasAttachments,
    DraftsRemain,
    EntryIsPosted,
    EntryNotFound,
    FactAlreadyPosted,
    JournalCodeTaken,
    JournalUnknown,
    SourceReserved,
)
from .hooks import AccountSetting, document_of
from .line_rules import lines_must_balance, lines_must_be_money, lines_must_be_two
from .models import Account, Entry, EntryLine, Journal
from .queries.account_settings import settings_naming, unusable_account, unusable_accounts
from .queries.obstacles import booking_obstacles

SOURCE = Lock("{schema}:source:{source}")

# Entries


@dataclass(frozen=True)
class ValidatedEntry:
    """The rows that an entry refers to. `amounts` are in the order of its lines."""

    journal: Journal
    period: Period
    accounts: Mapping[str, Account]
    amounts: Sequence[Money]


def entry_must_be_valid(
    posted_on: dt.date,
    journal: str,
    lines: Sequence[Line],
    occurred_on: dt.date | None = None,
    settles: int = 0,
) -> ValidatedEntry:
    """The journal exists, the accounts take postings, the date is in an open period, and the amounts are valid, in
    currencies of the day on which it occurred, or of the posted entry that it settles."""
    with together() as validation:
        amounts = validation.check(lines_must_be_money, occurred_on or posted_on, lines, settles)
        accounts = validation.check(accounts_must_take_postings, {line.account for line in lines})
        period = validation.check(periods.day_must_be_open, posted_on)
        book = validation.check(journal_must_exist, journal)
    return ValidatedEntry(book, period, accounts, amounts)


def entry_must_be_complete(
    posted_on: dt.date,
    journal: str,
    lines: Sequence[Line],
    occurred_on: dt.date | None = None,
    settles: int = 0,
) -> ValidatedEntry:
    """The entry is valid and its lines balance."""
    with together() as validation:
        validated = validation.check(entry_must_be_valid, posted_on, journal, lines, occurred_on, settles)
        if validated:
            validation.check(lines_must_balance, validated.amounts)
        else:
            validation.check(lines_must_be_two, len(lines))
    return validated


def fact_must_not_be_posted_with_other_lines(source: str, lines: Sequence[Line]) -> Entry | None:
    """The entry that was posted for the fact, if any; it must have the same lines. Serialises concurrent postings of
    one fact."""
    if not source:
        return None
    _lock_source(source)
    entry = Entry.objects.with_numbers().filter(source=source).first()
    if entry is None:
        return None
    posted_lines = [(line.account.code, line.money) for line in entry.lines.select_related("account")]
    if Counter(posted_lines) != Counter(
        (line.account, Money.of(line.amount, line.currency)) for line in lines
    ):
        raise FactAlreadyPosted(source=source)
    return entry


def source_must_not_be_of_document(source: str) -> None:
    """Documents book their entries (BookEntry): another entry with the fact would prevent that."""
    if document := document_of(source):
        raise SourceReserved(source=source, document=str(document.name))


def _lock_source(source: str) -> None:
    with connection.cursor() as cursor:
        SOURCE.key(source=source).hold(cursor)


def entry_must_exist(entry_id: int) -> Entry:
    """Locks the entry until the end of the transaction."""
    entry = (
        Entry.objects.select_related("journal", "year", "period__year")
        .select_for_update(of=("self",))
        .filter(pk=entry_id)
        .first()
    )
    if entry is None:
        raise EntryNotFound(entry_id=entry_id)
    return entry


def entry_must_be_draft(entry_id: int) -> Entry:
    entry = entry_must_exist(entry_id)
    if entry.is_posted:
        raise EntryIsPosted(entry=entry)
    return entry


def draft_must_have_no_attachments(entry: Entry) -> None:
    """Attachments of a deleted draft could not be seen any more."""
    if attachments.has_attachments("ledger.entry", entry.pk):
        raise DraftHasAttachments(entry=entry)


def no_draft_must_remain(period: Period) -> None:
    """The closing check of the ledger."""
    drafts = Entry.objects.drafts().filter(period_id=period.pk).count()
    if drafts:
        raise DraftsRemain(
            drafts="1 draft" if drafts == 1 else f"{drafts} drafts", period=period.code, count=drafts
        )


def accounts_of_settings_must_take_postings(settings: Sequence[AccountSetting]) -> None:
    raise_all(unusable_accounts(settings))


def booking_must_be_possible(
    day: dt.date, settings: Sequence[AccountSetting], *, accounts: Sequence[str] = (), currency: str = ""
) -> None:
    """Before the first step that cannot be undone: all obstacles to an entry on the accounts that settings name, and on
    those of an earlier entry."""
    if obstacles := booking_obstacles(day, settings, accounts=accounts, currency=currency):
        raise BookingImpossible(obstacles)


# Accounts and journals


def accounts_must_take_postings(codes: Iterable[str]) -> dict[str, Account]:
    """The accounts by code, in one query: each exists, is active and has no child accounts."""
    required = sorted(set(codes))
    accounts = {
        account.code: account for account in Account.objects.with_has_children().filter(code__in=required)
    }
    with together() as validation:
        for code in required:
            validation.check(account_must_take_postings, code, accounts.get(code))
    return accounts


def account_must_take_postings(code: str, account: Account | None) -> None:
    if account is None:
        raise AccountUnknown(account=code)
    if not account.is_active:
        raise AccountIsInactive(account=code)
    if account.has_children:  # type: ignore[attr-defined]  # annotated by with_has_children()
        raise AccountHasChildren(account=code)


def account_must_exist(account_id: int) -> Account:
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise AccountUnknown(account=account_id)
    return account


def account_must_exist_for_change(account_id: int) -> Account:
    """Locks the account until the end of the transaction."""
    account = Account.objects.select_for_update(no_key=True, of=("self",)).filter(pk=account_id).first()
    if account is None:
        raise AccountUnknown(account=account_id)
    return account


def account_must_be_inactive(account: Account) -> None:
    if account.is_active:
        raise AccountIsActive(account=account.code)


def account_must_be_renamable(account: Account, name: str) -> None:
    if not is_visible(name):
        raise AccountNameMissing
    if Account.objects.filter(name=name).exclude(pk=account.pk).exists():
        raise AccountNameTaken(name=name)


def account_type_must_be_changeable(account: Account, type: str) -> None:
    """The type is known, and another one only for an account without postings, parent and child accounts, which no
    setting names."""
    account_type_must_be_known(type)
    if type == account.type:
        return
    has_children = Account.objects.filter(parent=account).exists()
    if account.parent_id or has_children or EntryLine.objects.filter(account=account).exists():
        raise AccountIsFixed(account=account.code)
    account_must_not_be_named_by_setting(account)


def account_must_be_active(account: Account) -> None:
    if not account.is_active:
        raise AccountIsInactive(account=account.code)


def account_must_not_be_on_drafts(account: Account) -> None:
    if EntryLine.objects.filter(account=account, entry__status=Entry.Status.DRAFT).exists():
        raise AccountIsOnDrafts(account=account.code)


def account_must_not_be_named_by_setting(account: Account) -> None:
    """No setting of the tenant names the account."""
    for setting in settings_naming(account.code):
        raise AccountIsNamedBySetting(setting=setting.key, account=account.code)


def account_of_setting_must_take_postings(setting: AccountSetting, code: str) -> None:
    """The account that the setting will name."""
    if refusal := unusable_account(setting, code):
        raise refusal


def account_must_be_new(code: str, name: str) -> None:
    if not is_visible(code) or not is_visible(name):
        raise AccountNameMissing
    if Account.objects.filter(code__iexact=code).exists():
        raise AccountCodeTaken(account=code)
    if Account.objects.filter(name=name).exists():
        raise AccountNameTaken(name=name)


def account_type_must_be_known(type: str) -> None:
    if type not in Account.Type.values:
        raise AccountTypeUnknown(type=type)


def parent_must_take_children(code: str, type: str) -> Account | None:
    """The parent, or None without a code. It is active, has the same type and has no postings."""
    if not code:
        return None
    parent = Account.objects.filter(code=code).first()
    if parent is None:
        raise AccountUnknown(account=code)
    account_must_be_active(parent)
    if parent.type != type:
        raise AccountTypeDiffers(parent=parent.code, type=parent.type)
    if EntryLine.objects.filter(account=parent).exists():
        raise AccountHasPostings(account=parent.code)
    account_must_not_be_named_by_setting(parent)
    return parent


def journal_must_exist(code: str) -> Journal:
    journal = Journal.objects.filter(code=code).first()
    if journal is None:
        raise JournalUnknown(journal=code)
    return journal


def journal_must_be_new(code: str) -> None:
    if Journal.objects.filter(code__iexact=code).exists():
        raise JournalCodeTaken(journal=code)
