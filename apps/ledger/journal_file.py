"""A journal, and a chart of accounts, as CSV. Read and checked here; nothing of it touches the books.

Everything that is wrong is said together, by row: row 1 is the header.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from apps.kernel.errors import Refusal
from apps.kernel.money import Money

from . import rules
from .commands import Line
from .errors import ImportMalformed

JOURNAL = ("entry_no", "date", "payee", "narration", "line_no", "account", "currency", "amount")
ACCOUNTS = ("code", "name", "type")

T = TypeVar("T")
Row = dict[str, str]


@dataclass(frozen=True)
class FileLine:
    """A line whose account is a code or a name."""

    row: int
    account: str
    money: Money
    amount: Decimal


@dataclass(frozen=True)
class FileEntry:
    """An entry, from the rows that have its number."""

    row: int
    number: str
    posted_on: dt.date
    payee: str
    narration: str
    lines: list[FileLine] = field(default_factory=list)


@dataclass(frozen=True)
class FileAccount:
    """An account of the chart beside the journal."""

    row: int
    code: str
    name: str
    type: str


def read_journal(text: str) -> list[FileEntry]:
    """Every entry of the file, balanced and well-formed, in its order. Raises ImportMalformed."""
    wrong: list[str] = []
    entries: dict[str, FileEntry] = {}
    latest = ""
    for number, row in _rows(text, JOURNAL):
        asked = _Row(number, row, wrong)
        head = asked.head()
        line = asked.line()
        if head is None:
            continue
        entry = entries.setdefault(head.number, head)
        if entry is not head:
            asked.must_continue(entry, head, latest)
        if line is not None:
            entry.lines.append(line)
        latest = head.number
    if not wrong:
        wrong.extend(_unbalanced(entries.values()))
    if not entries and not wrong:
        wrong.append("row 2: there are no entries")
    if wrong:
        raise ImportMalformed(wrong)
    return list(entries.values())


def read_accounts(text: str) -> list[FileAccount]:
    """Every account of the file. Raises ImportMalformed."""
    wrong: list[str] = []
    accounts: list[FileAccount] = []
    for number, row in _rows(text, ACCOUNTS):
        account = FileAccount(number, row["code"].strip(), row["name"].strip(), row["type"].strip())
        try:
            rules.account_type_must_be_known(account.type)
        except Refusal as refusal:
            wrong.append(f"row {number} of the accounts: {refusal}")
        accounts.append(account)
    if wrong:
        raise ImportMalformed(wrong)
    return accounts


class _Row:
    """One row of the journal; what is wrong with it goes to `wrong`."""

    def __init__(self, number: int, row: Row, wrong: list[str]) -> None:
        self.number, self.row, self.wrong = number, row, wrong

    def head(self) -> FileEntry | None:
        number = self.row["entry_no"].strip()
        day = self._asked(self._day)
        if not number:
            self._wrong("entry_no is empty.")
        if day is None or not number:
            return None
        return FileEntry(self.number, number, day, self.row["payee"], self.row["narration"])

    def line(self) -> FileLine | None:
        self._asked(self._line_number)
        account = self.row["account"].strip()
        if not account:
            self._wrong("account is empty.")
        money = self._asked(self._money)
        if money is None or not account:
            return None
        return FileLine(self.number, account, money, money.amount)

    def must_continue(self, entry: FileEntry, head: FileEntry, latest: str) -> None:
        """The rows of an entry stand together and say the same of it."""
        if latest != entry.number:
            self._wrong(f"the other rows of entry {entry.number} do not stand just before it.")
        for word, what in (("posted_on", "date"), ("payee", "payee"), ("narration", "narration")):
            if getattr(entry, word) != getattr(head, word):
                self._wrong(f"entry {entry.number} has another {what} in row {entry.row}.")

    def _day(self) -> dt.date:
        return dt.date.fromisoformat(self.row["date"].strip())

    def _line_number(self) -> int:
        return int(self.row["line_no"].strip())

    def _money(self) -> Money:
        line = Line("", self.row["currency"].strip(), self.row["amount"].strip())  # type: ignore[arg-type]
        return rules.line_must_be_money(self._line_number_or_0(), line)

    def _line_number_or_0(self) -> int:
        text = self.row["line_no"].strip()
        return int(text) if text.isdecimal() else 0

    def _asked(self, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except (Refusal, ValueError) as error:
            self._wrong(f"{error}")
            return None

    def _wrong(self, sentence: str) -> None:
        self.wrong.append(f"row {self.number}: {sentence.rstrip('.')}")
