"""Parses and validates a journal and a chart of accounts in CSV, without the database.

All faults are reported together, by row; row 1 is the header.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext

from apps.kernel.currencies import currency, currency_must_be_valid_on
from apps.kernel.money import Money
from apps.kernel.notation import parse_day

from . import line_rules, rules
from .csv_rows import Faults, Row, csv_rows
from .import_errors import ImportMalformed, RowFault

JOURNAL = ("entry_no", "date", "payee", "narration", "line_no", "account", "currency", "amount")
ACCOUNTS = ("code", "name", "type")
CHART = "accounts.csv"
MAX_LENGTHS = {"entry_no": 120, "payee": 200, "account": 200, "code": 32, "name": 200}
_LINE_NO = re.compile(r"\A[1-9][0-9]{0,5}\Z")


@dataclass(frozen=True)
class FileLine:
    """A line whose account is a code or a name."""

    row: int
    number: int
    account: str
    money: Money


@dataclass(frozen=True)
class FileEntry:
    """An entry: consecutive rows with one number, starting at `row`. Without a number it starts at each line 1."""

    row: int
    number: str
    posted_on: dt.date
    payee: str
    narration: str
    lines: list[FileLine] = field(default_factory=list, compare=False)

    @property
    def name(self) -> str:
        """For messages."""
        return gettext("entry {number}").format(number=self.number) if self.number else gettext("the entry")


@dataclass(frozen=True)
class FileAccount:
    """An account of the chart of accounts, or one to open by its name (`row` 0)."""

    row: int
    code: str
    name: str
    type: str


def read_journal(text: str) -> list[FileEntry]:
    """The balanced entries, in the order of the file. Raises ImportMalformed, ImportTooLarge."""
    faults = Faults()
    entries = list(_entries(csv_rows(text, JOURNAL, faults, optional=("entry_no",)), faults))
    if not faults.rows:
        for entry in entries:
            _lines_must_be_numbered(entry, faults)
            faults.check(
                entry.row, "amount", line_rules.lines_must_balance, [line.money for line in entry.lines]
            )
    faults.raise_if_any()
    if not entries:
        raise ImportMalformed([RowFault(1, gettext("there is no entry below the header"))])
    return entries


def read_accounts(text: str) -> list[FileAccount]:
    """The accounts of the chart. Raises ImportMalformed, ImportTooLarge."""
    faults = Faults(CHART)
    accounts = []
    rows_of: dict[tuple[str, str], int] = {}
    for row, values in csv_rows(text, ACCOUNTS, faults):
        faults.check(row, "type", rules.account_type_must_be_known, values["type"])
        for column in ("code", "name"):
            _must_be_filled(row, column, values, faults)
            first = rows_of.setdefault((column, _key(column, values[column])), row)
            if first != row and values[column]:
                faults.add(
                    row,
                    gettext("{text!r} is also in row {row}").format(text=values[column], row=first),
                    column,
                )
        accounts.append(FileAccount(row, values["code"], values["name"], values["type"]))
    faults.raise_if_any()
    return accounts


def _key(column: str, text: str) -> str:
    """Codes that differ in upper and lower case only are one code."""
    return text.lower() if column == "code" else text


def _entries(rows: Iterable[Row], faults: Faults) -> Iterator[FileEntry]:
    entry: FileEntry | None = None
    row_of: dict[str, int] = {}
    for row, values in rows:
        head, line = _head(row, values, faults), _line(row, values, faults)
        if head is None or line is None:
            continue
        faults.check(row, "currency", currency_must_be_valid_on, line.money.currency.code, head.posted_on)
        if entry is None or not _continues(entry, head, line):
            if entry is not None:
                yield entry
            entry = head
            first = row_of.setdefault(head.number, row) if head.number else row
            if first != row:
                faults.add(
                    row,
                    gettext("entry {number} started in row {row}; its rows must be consecutive").format(
                        number=head.number, row=first
                    ),
                    "entry_no",
                )
        else:
            _must_match(entry, head, faults)
        entry.lines.append(line)
    if entry is not None:
        yield entry


def _continues(entry: FileEntry, head: FileEntry, line: FileLine) -> bool:
    return head.number == entry.number and (head.number != "" or line.number > 1)


def _head(row: int, values: dict[str, str], faults: Faults) -> FileEntry | None:
    for column in ("entry_no", "payee"):
        _must_fit(row, column, values, faults)
    posted_on = faults.check(row, "date", parse_day, values["date"])
    if posted_on is None:
        return None
    return FileEntry(row, values["entry_no"], posted_on, values["payee"], values["narration"])


def _line(row: int, values: dict[str, str], faults: Faults) -> FileLine | None:
    is_numbered = _LINE_NO.match(values["line_no"])
    if not is_numbered:
        faults.add(row, gettext("{number!r} is not a number").format(number=values["line_no"]), "line_no")
    _must_be_filled(row, "account", values, faults)
    if faults.check(row, "currency", currency, values["currency"]) is None:
        return None
    money = faults.check(row, "amount", Money.of, values["amount"], values["currency"])
    if money is None:
        return None
    if money.minor == 0:
        faults.add(row, gettext("the amount is zero"), "amount")
    return FileLine(row, int(values["line_no"]) if is_numbered else 0, values["account"], money)


def _must_be_filled(row: int, column: str, values: dict[str, str], faults: Faults) -> None:
    if not values[column]:
        faults.add(row, gettext("the cell is empty"), column)
    _must_fit(row, column, values, faults)


def _must_fit(row: int, column: str, values: dict[str, str], faults: Faults) -> None:
    length, limit = len(values[column]), MAX_LENGTHS[column]
    if length > limit:
        faults.add(
            row,
            gettext("{length} characters, and {limit} are allowed").format(length=length, limit=limit),
            column,
        )


def _must_match(first: FileEntry, later: FileEntry, faults: Faults) -> None:
    for attribute, column in (("posted_on", "date"), ("payee", "payee"), ("narration", "narration")):
        if getattr(first, attribute) != getattr(later, attribute):
            faults.add(
                later.row,
                gettext("{entry} has another {column} in row {row}").format(
                    entry=first.name, column=column, row=first.row
                ),
                column,
            )


def _lines_must_be_numbered(entry: FileEntry, faults: Faults) -> None:
    """1, 2, 3, … in the order of the rows."""
    row_of: dict[int, int] = {}
    expected = 1
    for line in entry.lines:
        words = {"number": line.number, "expected": expected, "entry": entry.name}
        first = row_of.setdefault(line.number, line.row)
        if first != line.row:
            text = gettext("line {number} of {entry} is already in row {row}").format(row=first, **words)
        elif line.number < expected:
            text = gettext("line {number} of {entry} is out of order").format(**words)
        elif line.number > expected:
            text = gettext("line {expected} of {entry} is missing before line {number}").format(**words)
        else:
            text = ""
        if text:
            faults.add(line.row, text, "line_no")
        expected = max(expected, line.number + 1)
