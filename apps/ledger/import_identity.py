"""Entries of a file that are in the books already, by entry number, day and lines.

An entry of the books is known under the number that it had in an imported file, and under its own (GEN-2026-17), so
that an exported journal is known as well.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.translation import gettext

from apps.kernel.errors import Refusal

from .import_accounts import ImportAccounts
from .import_errors import (
    ImportEntriesChanged,
    ImportEntriesRepeated,
    ImportEntriesWaiting,
    RowFault,
    RowsRefused,
)
from .import_models import ImportedEntry, StagedEntry
from .journal_file import FileEntry
from .models import Entry

T = TypeVar("T")
BATCH = 5_000
_OWN_NUMBER = re.compile(r"\A(?P<journal>.+)-(?P<year>[^-]+)-(?P<number>[1-9][0-9]{0,17})\Z")


@dataclass(frozen=True)
class Comparison:
    """new: to be posted. known: in the books already."""

    new: Sequence[FileEntry]
    known: Sequence[FileEntry]
    refusals: Sequence[Refusal]


@dataclass
class _Books:
    """The digests of entries by number, of files and of the books; and those of entries without a number."""

    numbered: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unnumbered: set[str] = field(default_factory=set)


def digest_of(posted_on: dt.date, lines: Iterable[tuple[int, str, int]]) -> str:
    """Of the day and the lines (account id, currency, minor units) in any order."""
    text = "\n".join(" ".join(map(str, line)) for line in sorted(lines))
    return hashlib.sha256(f"{posted_on.isoformat()}\n{text}".encode()).hexdigest()


def digest_of_file_entry(entry: FileEntry, accounts: ImportAccounts) -> str | None:
    """None if an account does not exist yet: then no entry has these lines."""
    lines = []
    for line in entry.lines:
        account = accounts.id_of(line.account)
        if account is None:
            return None
        lines.append((account, line.money.currency.code, line.money.minor))
    return digest_of(entry.posted_on, lines)


def compare(entries: Sequence[FileEntry], accounts: ImportAccounts, *, allow_repeated: bool) -> Comparison:
    """`allow_repeated`: entries that would be refused as changed or repeated are new."""
    digests = {entry.row: digest_of_file_entry(entry, accounts) for entry in entries}
    numbers = sorted({entry.number for entry in entries if entry.number})
    without = sorted({d for entry in entries if not entry.number and (d := digests[entry.row])})
    staged, booked = _staged(numbers, without), _booked(numbers, without)
    new, known = list[FileEntry](), list[FileEntry]()
    faults: dict[type[RowsRefused], list[RowFault]] = defaultdict(list)
    for entry in entries:
        digest = digests[entry.row]
        if _matches(entry, digest, staged):
            text = gettext("{entry} is not posted yet").format(entry=entry.name)
            faults[ImportEntriesWaiting].append(RowFault(entry.row, text))
        elif entry.number and digest in booked.numbered.get(entry.number, ()):
            known.append(entry)
        elif not _matches(entry, digest, booked) or allow_repeated:
            new.append(entry)
        elif entry.number:
            text = gettext("{entry} is in the books with another day or other lines").format(entry=entry.name)
            faults[ImportEntriesChanged].append(RowFault(entry.row, text))
        else:
            text = gettext("an equal entry was imported before")
            faults[ImportEntriesRepeated].append(RowFault(entry.row, text))
    return Comparison(new, known, [refusal(rows) for refusal, rows in faults.items()])


def _matches(entry: FileEntry, digest: str | None, books: _Books) -> bool:
    """By number, or by digest without one."""
    return entry.number in books.numbered if entry.number else digest in books.unnumbered


def _staged(numbers: Sequence[str], without: Sequence[str]) -> _Books:
    books = _Books()
    _read(books, numbers, lambda batch: StagedEntry.objects.numbered(batch).values_list("number", "digest"))
    books.unnumbered = set(_in_batches(without, lambda batch: StagedEntry.objects.unnumbered(batch)))
    return books


def _booked(numbers: Sequence[str], without: Sequence[str]) -> _Books:
    books = _Books()
    _read(books, numbers, lambda batch: ImportedEntry.objects.numbered(batch).values_list("number", "digest"))
    _read(books, numbers, _own)
    books.unnumbered = set(_in_batches(without, lambda batch: ImportedEntry.objects.unnumbered(batch)))
    return books


def _read(
    books: _Books, numbers: Sequence[str], find: Callable[[Sequence[str]], Iterable[tuple[str, str]]]
) -> None:
    for number, digest in _in_batches(numbers, find):
        books.numbered[number].add(digest)


def _in_batches(texts: Sequence[str], find: Callable[[Sequence[str]], Iterable[T]]) -> Iterator[T]:
    for start in range(0, len(texts), BATCH):
        yield from find(texts[start : start + BATCH])


def _own(numbers: Collection[str]) -> Iterator[tuple[str, str]]:
    """Entries by their own numbers, as the export writes them."""
    groups: dict[tuple[str, str], set[int]] = defaultdict(set)
    for text in numbers:
        if match := _OWN_NUMBER.match(text):
            groups[match["journal"], match["year"]].add(int(match["number"]))
    for (journal, year), group in groups.items():
        entries = Entry.objects.posted().with_numbers().filter(journal__code=journal, year__code=year)
        for entry in entries.filter(number__in=group).prefetch_related("lines"):
            lines = [(line.account_id, line.currency, line.amount_minor) for line in entry.lines.all()]
            yield str(entry), digest_of(entry.posted_on, lines)
