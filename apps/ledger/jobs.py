"""Jobs of the ledger: the export of posted entries as a CSV file, and the import of such a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch
from apps.jobs.csv_export import CsvExport, Page
from apps.jobs.declaration import Job, Step
from apps.kernel.errors import Refusal, Unavailable

from . import import_rules
from .commands import Line, PostEntry
from .import_errors import ImportStopped
from .import_models import ImportedEntry, StagedEntry
from .journal_file import JOURNAL
from .models import Entry, EntryQuerySet


class JournalExport(CsvExport, name="ledger.journal_export"):
    """Entries up to `last_id`, so that the file has those that were posted before its start, in the form of imports."""

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


class PostImport(Job, name="ledger.post_import"):
    """Posts the staged entries of an import in the order of the file, each once: the same step deletes the staged rows.

    All of them are checked before the first is posted, and before a retry. An entry that is refused later stops the job
    at its row, and a retry continues there.
    """

    title = _("Import of a journal")
    permission = "ledger.import_journal"
    queue = "financial"
    stages = {"post": _("Post entries")}
    page_size: ClassVar[int] = 100

    def total(self, stage: str) -> int:
        return self._staged().count()

    def post(self, cursor: int | None) -> Step:
        if cursor is None or self.run.last_error:
            import_rules.staged_entries_must_be_bookable(self._staged())
        page = [*self._staged().order_by("row")[: self.page_size]]
        import_rules.hold_periods_open({staged.posted_on for staged in page})
        posted = [*self._posted(page)]
        ImportedEntry.objects.bulk_create(posted)
        StagedEntry.objects.filter(pk__in=[staged.pk for staged in page[: len(posted)]]).delete()
        return Step(cursor=posted[-1].row if posted else None, done=len(posted))

    def _posted(self, page: Sequence[StagedEntry]) -> Iterator[ImportedEntry]:
        """Up to the first refused entry, with which the next step begins."""
        for position, staged in enumerate(page):
            try:
                entry = dispatch(_command(staged, self.parameters["file"]), actor=self.actor)
            except Unavailable:
                raise
            except Refusal as refusal:
                if position:
                    return
                raise ImportStopped(row=staged.row, reason=refusal) from refusal
            yield ImportedEntry(
                journal_import_id=staged.journal_import_id,
                row=staged.row,
                number=staged.number,
                digest=staged.digest,
                entry=entry,
            )

    def _staged(self) -> QuerySet[StagedEntry]:
        staged: QuerySet[StagedEntry] = StagedEntry.objects.filter(journal_import__job_id=self.run.pk)
        return staged


def _command(staged: StagedEntry, file: str) -> PostEntry:
    return PostEntry(
        posted_on=staged.posted_on,
        memo=staged.narration,
        payee=staged.payee,
        reference=f"{file} {staged.number}".strip()[-120:],
        lines=tuple(Line(account, currency, Decimal(amount)) for account, currency, amount in staged.lines),
    )
