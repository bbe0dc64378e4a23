"""The commands of the ledger."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import bulky, multiline


@dataclass(frozen=True)
class Line:
    """One side of an entry: `amount` in major units of `currency` (ISO 4217), debit positive, credit negative.
    `account` is an account's code."""

    account: str
    currency: str
    amount: Decimal
    memo: str = field(default="", metadata=multiline)


@dataclass(frozen=True, kw_only=True)
class _EntryFields(Command):
    """The fields of an entry without its day."""

    memo: str = field(metadata=multiline)
    lines: tuple[Line, ...]
    journal: str = "GEN"
    payee: str = ""
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class _WriteEntry(_EntryFields):
    """The fields of an entry."""

    posted_on: dt.date


@dataclass(frozen=True, kw_only=True)
class BookEntry(_EntryFields):
    """Book what has occurred already, such as a payment: on its day, or on the first open day after it if its period is
    closed. The entry then shows both days. A missing fiscal year is added, unless a setting prevents it.

    source   the business fact of the entry, as in PostEntry
    settles  the posted entry that this one settles or refunds, 0 for none: its currencies may be withdrawn meanwhile
    """

    permission = "ledger.post_entry"
    audit_message = gettext_noop("booked entry {result}")
    moves_money = True

    occurred_on: dt.date
    source: str
    settles: int = 0


@dataclass(frozen=True, kw_only=True)
class PostEntry(_WriteEntry):
    """Post an entry: it gets its number and never changes again. It must balance in each currency.

    source  the business fact of the entry, such as "payroll:17", and none of a document. A fact is posted once: a
            repeated command with the same lines returns the existing entry, and one with other lines is refused
    """

    permission = "ledger.post_entry"
    audit_message = gettext_noop("posted entry {result}")
    moves_money = True

    source: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftEntry(_WriteEntry):
    """Save an entry as a draft. A draft may be unbalanced, and is in no balance."""

    permission = "ledger.draft_entry"
    audit_message = gettext_noop("saved {result}")


@dataclass(frozen=True, kw_only=True)
class PostDraft(Command):
    """Post a draft: it gets its number and never changes again."""

    permission = "ledger.post_entry"
    audit_message = gettext_noop("posted entry {result}")
    moves_money = True

    entry_id: int


@dataclass(frozen=True, kw_only=True)
class DiscardDraft(Command):
    """Delete a draft. A posted entry must be reversed instead."""

    permission = "ledger.draft_entry"
    audit_message = gettext_noop("discarded {result}")

    entry_id: int


@dataclass(frozen=True, kw_only=True)
class ReverseEntry(Command):
    """Reverse a posted entry by a new entry with opposite signs. An entry is reversed at most once."""

    permission = "ledger.reverse_entry"
    audit_message = gettext_noop("reversed an entry by {result}")
    moves_money = True

    entry_id: int
    posted_on: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenAccount(Command):
    """Add an account, as a root or below a parent of the same type, named by its code."""

    permission = "ledger.manage_accounts"
    audit_message = gettext_noop("opened the account {result}")

    code: str
    name: str
    type: str
    parent: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeAccount(Command):
    """Change the name of an account, or its type while it has no postings, parent or child accounts. The code stays,
    since settings and files identify the account by it.

    A field that is null stays as it is."""

    permission = "ledger.manage_accounts"
    audit_message = gettext_noop("changed the account {result}")

    account_id: int
    name: str | None = None
    type: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeactivateAccount(Command):
    """Stop postings to an account. Its existing postings remain."""

    permission = "ledger.manage_accounts"
    schedulable = True
    audit_message = gettext_noop("deactivated the account {result}")

    account_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateAccount(Command):
    """Allow postings to a deactivated account again."""

    permission = "ledger.manage_accounts"
    schedulable = True
    audit_message = gettext_noop("reactivated the account {result}")

    account_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class OpenJournal(Command):
    """Add a journal, whose entries are numbered without a gap in each fiscal year."""

    permission = "ledger.manage_accounts"
    audit_message = gettext_noop("opened the journal {result}")

    code: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetUpLedger(Command):
    """Open the general journal, GEN. Entries can be posted afterwards."""

    permission = "ledger.manage_accounts"
    audit_message = gettext_noop("set up the ledger with {result}")


@dataclass(frozen=True, kw_only=True)
class ImportJournal(Command):
    """Post the entries of a CSV file. A job posts them after the whole file was checked. Entries that are in
    the books already are not posted again.

    journal                the text of the file: entry_no,date,payee,narration,line_no,account,currency,amount; the
                           account is a code or a name
    accounts               the text of a chart of accounts, of which missing accounts are opened first: code,name,type
    create_accounts        open missing accounts, with the type given by the first part of the name (Assets:…,
                           Liabilities:…, Equity:…, Income:…, Expenses:…)
    allow_repeated         post entries with the number of an entry in the books and other lines, and entries without a
                           number that were imported before
    allow_distant_years    post entries with days far from the fiscal years; all years between are added
    """

    permission = "ledger.import_journal"
    audit_message = gettext_noop("imported {result}")
    moves_money = True

    name: str
    journal: str = field(metadata=bulky)
    accounts: str = field(default="", metadata=bulky)
    create_accounts: bool = False
    allow_repeated: bool = False
    allow_distant_years: bool = False


@dataclass(frozen=True, kw_only=True)
class DiscardImport(Command):
    """Discard the entries of an import that are not posted. Posted ones remain; reverse them instead."""

    permission = "ledger.import_journal"
    audit_message = gettext_noop("discarded the rest of import {import_id}: {reason}")

    import_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ExportJournal(Command):
    """Export the posted entries as a CSV file, in the form of the import. A job writes the file; its page has
    progress and the download."""

    permission = "ledger.view_entry"
    schedulable = True
    audit_message = gettext_noop("started {result}")

    since: dt.date | None = None
    until: dt.date | None = None
