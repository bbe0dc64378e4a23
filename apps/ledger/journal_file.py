"""Parses and validates a journal and a chart of accounts in CSV, before anything is written.

All errors are reported together, by row; row 1 is the header.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from django.utils.translation import gettext

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
    """An entry: the consecutive rows with its number, starting at `row`."""

    row: int
    number: str
    posted_on: dt.date
    payee: str
    narration: str
    lines: list[FileLine] = field(default_factory=list, compare=False)


@dataclass(frozen=True)
class FileAccount:
    """An account of the chart of accounts."""

    row: int
    code: str
    name: str
    type: str


def read_journal(text: str) -> list[FileEntry]:
    """The balanced entries, in the order of the file. Raises ImportMalformed."""
    errors = _Errors()
    entries: list[FileEntry] = []
    seen: dict[str, int] = {}
    for row, values in _rows(text, JOURNAL, errors):
        entry, line = _entry(row, values, errors), _line(row, values, errors)
        if entry is None or line is None:
            continue
        if entries and entries[-1].number == entry.number:
            _must_match(entries[-1], entry, errors)
        elif entry.number in seen:
            errors.add(
                row,
                gettext("entry {number} started in row {row}; its rows must be consecutive").format(
                    number=entry.number, row=seen[entry.number]
                ),
            )
        else:
            seen[entry.number] = row
            entries.append(entry)
        entries[-1].lines.append(line)
    if not errors.rows:
        _must_balance(entries, errors)
    errors.raise_if_any()
    return entries


def read_accounts(text: str) -> list[FileAccount]:
    """The accounts of the chart. Raises ImportMalformed."""
    errors = _Errors("accounts.csv, ")
    accounts = []
    for row, values in _rows(text, ACCOUNTS, errors):
        errors.check(row, rules.account_type_must_be_known, values["type"])
        accounts.append(FileAccount(row, values["code"], values["name"], values["type"]))
    errors.raise_if_any()
    return accounts


class _Errors:
    """The errors of a file, by row."""

    def __init__(self, where: str = "") -> None:
        self.where, self.rows = where, list[str]()

    def add(self, row: int, sentence: str) -> None:
        self.rows.append(
            gettext("{where}row {row}: {sentence}").format(
                where=self.where, row=row, sentence=sentence.rstrip(".")
            )
        )

    def check(self, row: int, rule: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """The result of the rule, or None if it refused."""
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            self.add(row, str(refusal))
            return None

    def raise_if_any(self) -> None:
        if self.rows:
            raise ImportMalformed(self.rows)


def _rows(text: str, columns: tuple[str, ...], errors: _Errors) -> Iterator[tuple[int, dict[str, str]]]:
    """The readable rows below the header, with their numbers."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if missing := [column for column in columns if column not in header]:
            errors.add(1, gettext("missing column {columns}").format(columns=", ".join(missing)))
            return
        for row, cells in enumerate(reader, start=2):
            if len(cells) == len(header):
                yield row, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            elif cells:
                errors.add(
                    row,
                    gettext("{cells} cells, but the header has {columns}").format(
                        cells=len(cells), columns=len(header)
                    ),
                )
    except csv.Error as error:
        errors.add(reader.line_num, gettext("this is not CSV: {error}").format(error=error))


def _entry(row: int, values: dict[str, str], errors: _Errors) -> FileEntry | None:
    try:
        posted_on = dt.date.fromisoformat(values["date"])
    except ValueError:
        errors.add(row, gettext("{date!r} is not a date: write YYYY-MM-DD").format(date=values["date"]))
        return None
    if not values["entry_no"]:
        errors.add(row, gettext("{column} is empty").format(column="entry_no"))
        return None
    return FileEntry(row, values["entry_no"], posted_on, values["payee"], values["narration"])


def _line(row: int, values: dict[str, str], errors: _Errors) -> FileLine | None:
    if not values["line_no"].isdecimal():
        errors.add(row, gettext("line_no {number!r} is not a number").format(number=values["line_no"]))
    if not values["account"]:
        errors.add(row, gettext("{column} is empty").format(column="account"))
    money = errors.check(row, Money.of, values["amount"], values["currency"])
    if money is None:
        return None
    if money.minor == 0:
        errors.add(row, gettext("the amount is zero"))
    return FileLine(row, values["account"], money)


def _must_match(first: FileEntry, later: FileEntry, errors: _Errors) -> None:
    for attribute, column in (("posted_on", "date"), ("payee", "payee"), ("narration", "narration")):
        if getattr(first, attribute) != getattr(later, attribute):
            errors.add(
                later.row,
                gettext("entry {number} has another {column} in row {row}").format(
                    number=first.number, column=column, row=first.row
                ),
            )


def _must_balance(entries: Iterable[FileEntry], errors: _Errors) -> None:
    for entry in entries:
        amounts = [line.money for line in entry.lines]
        errors.check(entry.row, rules.lines_must_balance, amounts)
