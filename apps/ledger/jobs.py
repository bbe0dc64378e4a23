"""The export of posted entries as a CSV file, in the form that `import_journal` reads."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.jobs.csv_export import CsvExport, Page

from .journal_file import JOURNAL
from .models import Entry, EntryQuerySet


class JournalExport(CsvExport, name="ledger.journal_export"):
    """Entries up to `last_id`, so that the file has those that were posted before its start."""

    title = _("Journal export")
    permission = "ledger.view_entry"
    header = JOURNAL
    file_name = "journal.csv"
    page_size: ClassVar[int] = 500

    def count(self) -> int:
        return self._entries().count()

    def page(self, cursor: int | None) -> Page:
        following = self._entries().filter(pk__gt=cursor or 0).order_by("pk")
        entries = [*following.with_numbers().prefetch_related("lines__account")[: self.page_size]]
        rows = [row for entry in entries for row in _rows(entry)]
        return Page(rows, cursor=entries[-1].pk if entries else None, items=len(entries))

    def _entries(self) -> EntryQuerySet:
        days = {"posted_on__gte": self.parameters["since"], "posted_on__lte": self.parameters["until"]}
        chosen = {name: day for name, day in days.items() if day}
        return Entry.objects.filter(status=Entry.Status.POSTED, pk__lte=self.parameters["last_id"], **chosen)


def _rows(entry: Entry) -> list[tuple[object, ...]]:
    return [
        (
            str(entry),
            entry.posted_on,
            entry.payee,
            entry.memo,
            line.line_no,
            line.account.code,
            line.currency,
            line.money.amount,
        )
        for line in entry.lines.all()
    ]
