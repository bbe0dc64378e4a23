"""Journals to import, and imports whose job has ended."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch
from apps.jobs import running
from apps.kernel.actors import Actor
from apps.ledger.commands import ImportJournal
from apps.ledger.import_models import JournalImport

HEADER = "entry_no,date,payee,narration,line_no,account,currency,amount"


def journal(*rows: str, header: str = HEADER, name: str = "journal.csv", **options: Any) -> ImportJournal:
    return ImportJournal(name=name, journal="\n".join([header, *rows]) + "\n", **options)


def imported(command: ImportJournal, actor: Actor) -> JournalImport:
    """The import, after its job."""
    record: JournalImport = dispatch(command, actor=actor)
    if record.job_id is not None:
        running.run_slice(record.job_id)
    return record
