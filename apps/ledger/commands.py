"""What the ledger can be asked."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from apps.bus import Command
from apps.kernel.plain import bulky


@dataclass(frozen=True)
class Line:
    """One side of an entry: `amount` in major units of `currency` (ISO 4217), debit positive, credit negative.
    `account` is an account's code."""

    account: str
    currency: str
    amount: Decimal
    memo: str = ""


@dataclass(frozen=True, kw_only=True)
class _WriteEntry(Command):
    """What an entry is made of."""

    posted_on: dt.date
    memo: str
    lines: tuple[Line, ...]
    journal: str = "GEN"
    payee: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class PostEntry(_WriteEntry):
    """Post an entry: it gets its number and never changes again. It balances in each of its currencies.

    source  the business fact that it books, such as "payment_confirmed:17". A fact is booked once: the same lines
            again are the entry that is there, and others are refused
    """

    permission = "ledger.post_entry"
    audit_message = "posted entry {result}"
    moves_money = True

    source: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftEntry(_WriteEntry):
    """Write an entry down without posting it. A draft need not balance yet, and counts nowhere."""

    permission = "ledger.draft_entry"
    audit_message = "wrote down {result}"


@dataclass(frozen=True, kw_only=True)
class PostDraft(Command):
    """Post a draft: it gets its number and never changes again."""

    permission = "ledger.post_entry"
    audit_message = "posted entry {result}"
    moves_money = True

    entry_id: int


@dataclass(frozen=True, kw_only=True)
class DiscardDraft(Command):
    """Throw a draft away. A posted entry is reversed instead."""

    permission = "ledger.draft_entry"
    audit_message = "discarded {result}"

    entry_id: int


@dataclass(frozen=True, kw_only=True)
class ReverseEntry(Command):
    """Take back a posted entry by a new one with the signs turned. An entry is reversed at most once."""

    permission = "ledger.reverse_entry"
    audit_message = "reversed an entry by {result}"
    moves_money = True

    entry_id: int
    posted_on: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenAccount(Command):
    """Open an account, on its own or below another of the same type (`parent` is its code)."""

    permission = "ledger.manage_accounts"
    audit_message = "opened the account {result}"

    code: str
    name: str
    type: str
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class DeactivateAccount(Command):
    """Let an account take no more postings. What was posted to it stays."""

    permission = "ledger.manage_accounts"
    audit_message = "deactivated the account {result}"

    account_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenJournal(Command):
    """Open a journal; its entries are numbered without a gap in each fiscal year."""

    permission = "ledger.manage_accounts"
    audit_message = "opened the journal {result}"

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetUpBooks(Command):
    """Open the general journal, GEN, so that entries can be posted."""

    permission = "ledger.manage_accounts"
    audit_message = "set up the books with {result}"


@dataclass(frozen=True, kw_only=True)
class ImportJournal(Command):
    """Post every entry of a CSV file, or none. The same file is imported once.

    journal          the text of the file: entry_no,date,payee,narration,line_no,account,currency,amount; the
                     account is a code or a name
    accounts         the text of a chart of accounts to open first where it is not there yet: code,name,type
    create_accounts  open what is missing, by the first part of its name (Assets:…, Liabilities:…, Equity:…,
                     Income:…, Expenses:…)
    """

    permission = "ledger.import_journal"
    audit_message = "imported {result}"
    moves_money = True

    name: str
    journal: str = field(metadata=bulky)
    accounts: str = field(default="", metadata=bulky)
    create_accounts: bool = False
