"""Export of the audit log as CSV for spreadsheets or JSON lines for programs, streamed row by row."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from .models import Record

COLUMNS = (
    "id",
    "at",
    "command",
    "outcome",
    "sentence",
    "actor_id",
    "actor_name",
    "impersonator_name",
    "reason",
    "subject_type",
    "subject_id",
    "correlation_id",
    "causation_id",
    "retention",
    "request",
    "changes",
    "refusals",
)
_FORMULA = tuple("=+-@|%＝＋－＠")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*")
_BLANKS = re.compile(r"^[\s\0-\x20\x7f\u200b\ufeff]+")


def as_csv(records: QuerySet[Record]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in records.values(*COLUMNS).iterator(chunk_size=2_000):
        yield writer.writerow([_cell(row[name]) for name in COLUMNS])


def as_jsonl(records: QuerySet[Record]) -> Iterator[str]:
    for row in records.values(*COLUMNS).iterator(chunk_size=2_000):
        yield json.dumps(row | {"at": row["at"].isoformat()}, ensure_ascii=False) + "\n"


FORMS: Mapping[str, Callable[[QuerySet[Record]], Iterator[str]]] = {"csv": as_csv, "jsonl": as_jsonl}
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}


def harmless(text: str) -> str:
    """Quotes texts that a spreadsheet would evaluate as a formula. Numbers stay numbers."""
    bare = _BLANKS.sub("", text)
    suspicious = bare.startswith(_FORMULA) or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if suspicious and not _NUMBER.fullmatch(text) else text


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
