"""The export of posted entries, as a job."""

from __future__ import annotations

from django.db.models import Max

from apps.bus import handles
from apps.jobs.models import Run
from apps.jobs.starting import start
from apps.ledger.commands import ExportJournal
from apps.ledger.jobs import JournalExport
from apps.ledger.models import Entry


@handles(ExportJournal)
def export_journal(command: ExportJournal) -> Run:
    last_id = Entry.objects.aggregate(last=Max("pk"))["last"] or 0
    days = {"since": command.since, "until": command.until}
    return start(
        JournalExport,
        last_id=last_id,
        **{name: day.isoformat() if day else None for name, day in days.items()},
    )
