"""A journal, and a chart of accounts, as CSV: read and checked here, before anything touches the books.

Everything that is wrong is said together, by row; row 1 is the header.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from apps.kernel.errors import Refusal
from apps.kernel.money import Money

from . import rules
from .errors import ImportMalformed

JOURNAL = ("entry_no", "date", "payee", "narration", "line_no", "account", "currency", "amount")
ACCOUNTS = ("code", "name", "type")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class FileLine:
    """A line whose account is a code or a name."""

    row: int
    account: str
    money: Money


@dataclass(frozen=True)
class FileEntry:
    """An entry: the rows that have its number, the first of them at `row`."""

    row: int
    number: str
    posted_on: dt.date
    payee: str
    narration: str
    lines: list[FileLine] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class FileAccount:
    """An account of the chart beside the journal."""

    row: int
    code: str
    name: str
    type: str


def read_journal(text: str) -> list[FileEntry]:
    """Every entry in the file's order, each of them balanced. Raises ImportMalformed."""
    wrong = _Wrong()
    entries: list[FileEntry] = []
    seen: dict[str, int] = {}
    for row, values in _rows(text, JOURNAL, wrong):
        entry, line = _entry(row, values, wrong), _line(row, values, wrong)
        if entry is None or line is None:
            continue
        if entries and entries[-1].number == entry.number:
            _must_say_the_same(entries[-1], entry, wrong)
        elif entry.number in seen:
            wrong.note(
                row, f"entry {entry.number} began in row {seen[entry.number]}; its rows stand together"
            )
        else:
            seen[entry.number] = row
            entries.append(entry)
        entries[-1].lines.append(line)
    if not wrong.rows:
        _must_balance(entries, wrong)
    wrong.refuse()
    return entries


def read_accounts(text: str) -> list[FileAccount]:
    """Every account of the chart. Raises ImportMalformed."""
    wrong = _Wrong("accounts.csv, ")
    accounts = []
    for row, values in _rows(text, ACCOUNTS, wrong):
        wrong.asked(row, rules.account_type_must_be_known, values["type"])
        accounts.append(FileAccount(row, values["code"], values["name"], values["type"]))
    wrong.refuse()
    return accounts


class _Wrong:
    """What is wrong, row by row."""

    def __init__(self, where: str = "") -> None:
        self.where, self.rows = where, list[str]()

    def note(self, row: int, sentence: str) -> None:
        self.rows.append(f"{self.where}row {row}: {sentence.rstrip('.')}")

    def asked(self, row: int, rule: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What the rule found, or None when it refused."""
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            self.note(row, str(refusal))
            return None

    def refuse(self) -> None:
        if self.rows:
            raise ImportMalformed(self.rows)


def _rows(text: str, columns: tuple[str, ...], wrong: _Wrong) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row below the header with its number, as far as the file can be read."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [each.strip() for each in next(reader, [])]
        if missing := [column for column in columns if column not in header]:
            wrong.note(1, f"there is no column {', '.join(missing)}")
            return
        for row, cells in enumerate(reader, start=2):
            if len(cells) == len(header):
                yield row, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            elif cells:
                wrong.note(row, f"{len(cells)} cells where the header has {len(header)}")
    except csv.Error as error:
        wrong.note(reader.line_num, f"this is not CSV: {error}")


def _entry(row: int, values: dict[str, str], wrong: _Wrong) -> FileEntry | None:
    try:
        posted_on = dt.date.fromisoformat(values["date"])
    except ValueError:
        wrong.note(row, f"{values['date']!r} is not a date: write YYYY-MM-DD")
        return None
    if not values["entry_no"]:
        wrong.note(row, "entry_no is empty")
        return None
    return FileEntry(row, values["entry_no"], posted_on, values["payee"], values["narration"])


def _line(row: int, values: dict[str, str], wrong: _Wrong) -> FileLine | None:
    if not values["line_no"].isdecimal():
        wrong.note(row, f"line_no {values['line_no']!r} is not a number")
    if not values["account"]:
        wrong.note(row, "account is empty")
    money = wrong.asked(row, Money.of, values["amount"], values["currency"])
    if money is None:
        return None
    if money.minor == 0:
        wrong.note(row, "the amount is zero")
    return FileLine(row, values["account"], money)


def _must_say_the_same(first: FileEntry, later: FileEntry, wrong: _Wrong) -> None:
    for word, what in (("posted_on", "date"), ("payee", "payee"), ("narration", "narration")):
        if getattr(first, word) != getattr(later, word):
            wrong.note(later.row, f"entry {first.number} has another {what} in row {first.row}")


def _must_balance(entries: Iterable[FileEntry], wrong: _Wrong) -> None:
    for entry in entries:
        amounts = [line.money for line in entry.lines]
        wrong.asked(entry.row, rules.lines_must_balance, amounts)
