"""CSV for spreadsheets, in which no text becomes a formula."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

CONTENT_TYPE = "text/csv; charset=utf-8"
_FORMULA = tuple("=+-@|%＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")
_BLANKS = re.compile(r"^[\s\0-\x20\x7f\u200b\ufeff]+")


def csv_lines(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The header and the rows, a line each: instants in ISO 8601, mappings and lists as JSON, None as nothing."""
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def harmless(text: str) -> str:
    """Quotes texts that a spreadsheet would evaluate as a formula, and those that begin with such a quote. Numbers stay
    numbers."""
    bare = _BLANKS.sub("", text.lstrip("'"))
    suspicious = bare.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if suspicious and not _NUMBER.fullmatch(text) else text


def original(cell: str) -> str:
    """The text of a cell that `harmless` wrote."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Echo:
    """A file for the csv module that returns each line to its caller."""

    def write(self, line: str) -> str:
        return line
