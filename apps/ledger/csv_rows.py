"""Rows of a CSV file in strict form; each fault names its row and column. Row 1 is the header, and empty rows count."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import ParamSpec, TypeVar

from django.utils.translation import gettext

from apps.kernel.csv_lines import original
from apps.kernel.errors import Refusal
from apps.kernel.text import REPLACEMENT, CharacterNotAllowed, one_line

from .import_errors import ImportMalformed, ImportTooLarge, RowFault

MAX_CHARACTERS = 20_000_000
OTHER_DELIMITERS = {";": ";", "\t": "TAB", "|": "|"}
OTHER_ENCODINGS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}

P = ParamSpec("P")
T = TypeVar("T")
Row = tuple[int, dict[str, str]]
"""The number of the row, and its cells by column."""


class Faults:
    """The faults of a file."""

    def __init__(self, file: str = "") -> None:
        self.file, self.rows = file, list[RowFault]()

    def add(self, row: int, sentence: str, column: str = "") -> None:
        self.rows.append(RowFault(row, sentence.rstrip("."), column, self.file))

    def check(
        self, row: int, column: str, rule: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """The result of the rule, or None if it refused."""
        try:
            return rule(*args, **kwargs)
        except Refusal as refusal:
            self.add(row, str(refusal), column)
            return None

    def raise_if_any(self) -> None:
        """Raises ImportMalformed."""
        if self.rows:
            raise ImportMalformed(sorted(self.rows, key=lambda fault: fault.row))


def decoded(content: bytes, file: str = "") -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises ImportMalformed, ImportTooLarge."""
    if len(content) > MAX_CHARACTERS:
        raise ImportTooLarge(size=len(content), limit=MAX_CHARACTERS)
    faults = Faults(file)
    for mark, name in OTHER_ENCODINGS.items():
        if content.startswith(mark):
            faults.add(1, gettext("the file is in {encoding}: save it in UTF-8").format(encoding=name))
    faults.raise_if_any()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        faults.add(
            row, gettext("the file is not in UTF-8: byte {byte}").format(byte=f"0x{content[error.start]:02X}")
        )
        raise ImportMalformed(faults.rows) from error


def csv_rows(
    text: str, columns: Sequence[str], faults: Faults, *, optional: Sequence[str] = ()
) -> Iterator[Row]:
    """The readable rows below the header. Cells have the normal form of texts; a missing optional column is empty."""
    if len(text) > MAX_CHARACTERS:
        raise ImportTooLarge(size=len(text), limit=MAX_CHARACTERS)
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    row = 0
    try:
        header = [cell.strip() for cell in next(reader, [])]
        row = 1
        if not _header_is_valid(header, columns, optional, faults):
            return
        empty = dict.fromkeys(optional, "")
        for row, cells in enumerate(reader, start=2):
            if values := _values(row, cells, header, faults):
                yield row, empty | values
    except csv.Error as error:
        faults.add(row + 1, gettext("this is not CSV: {error}").format(error=error))


def _header_is_valid(
    header: Sequence[str], columns: Sequence[str], optional: Sequence[str], faults: Faults
) -> bool:
    """Whether the rows can be read."""
    required = [column for column in columns if column not in optional]
    missing = [column for column in required if column not in header]
    if missing and len(header) == 1:
        for delimiter, name in OTHER_DELIMITERS.items():
            if delimiter in header[0]:
                faults.add(
                    1,
                    gettext("the delimiter is {delimiter}: separate cells by commas").format(delimiter=name),
                )
                return False
    if missing:
        faults.add(1, gettext("missing column {columns}").format(columns=", ".join(missing)))
        return False
    repeated = [column for column in dict.fromkeys(header) if header.count(column) > 1]
    if repeated:
        faults.add(1, gettext("repeated column {columns}").format(columns=", ".join(repeated)))
        return False
    if unknown := [column or '""' for column in header if column not in columns]:
        faults.add(1, gettext("unknown column {columns}").format(columns=", ".join(unknown)))
    return True


def _values(row: int, cells: Sequence[str], header: Sequence[str], faults: Faults) -> dict[str, str] | None:
    """The cells by column; None for an empty row, and for one that cannot be read."""
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(header):
        faults.add(
            row,
            gettext("{cells} cells, but the header has {columns}").format(
                cells=len(cells), columns=len(header)
            ),
        )
        return None
    values = {}
    for column, cell in zip(header, cells, strict=True):
        if REPLACEMENT in cell:
            faults.add(row, gettext("a character that was lost when the file was written (U+FFFD)"), column)
            continue
        try:
            values[column] = one_line(original(one_line(cell, field=column)), field=column)
        except CharacterNotAllowed as refusal:
            faults.add(row, str(refusal), column)
    return values if len(values) == len(header) else None
