"""Export of the audit log as CSV for spreadsheets or JSON lines for programs, streamed row by row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from django.db.models import QuerySet

from apps.kernel.csv_lines import CONTENT_TYPE, csv_lines

from .models import Record

SUMMARY = (
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
)
"""The columns of a record without its details."""
COLUMNS = (*SUMMARY, "request", "changes", "refusals")


def as_csv(records: QuerySet[Record]) -> Iterator[str]:
    rows = records.values_list(*COLUMNS).iterator(chunk_size=2_000)
    return csv_lines(COLUMNS, rows)


def as_jsonl(records: QuerySet[Record]) -> Iterator[str]:
    for row in records.values(*COLUMNS).iterator(chunk_size=2_000):
        yield json.dumps(row | {"at": row["at"].isoformat()}, ensure_ascii=False) + "\n"


FORMS: Mapping[str, Callable[[QuerySet[Record]], Iterator[str]]] = {"csv": as_csv, "jsonl": as_jsonl}
TYPES = {"csv": CONTENT_TYPE, "jsonl": "application/x-ndjson"}
