"""Refusals of imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.listing import listed


@dataclass(frozen=True)
class RowFault:
    """What is wrong in a row of a file; row 1 is the header. `column` is empty where the whole row is meant, and `file`
    for the journal itself."""

    row: int
    sentence: str
    column: str = ""
    file: str = ""

    def __str__(self) -> str:
        where = gettext("{file}row {row}").format(file=f"{self.file}, " if self.file else "", row=self.row)
        return ": ".join(part for part in (where, self.column, self.sentence) if part)


class RowsRefused(Invalid):
    """An app derives its own refusal. `faults` are all rows; the message names the first ones."""

    message = _("{count} rows are refused. {rows}")
    listed: ClassVar[int] = 20

    def __init__(self, faults: Sequence[RowFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(rows=listed([str(fault) for fault in faults], self.listed, "; "), count=len(faults))

    @property
    def summary(self) -> str:
        """The message without the rows, for a page that lists them."""
        return str(self.message).format(rows="", count=len(self.faults)).strip()


class ImportMalformed(RowsRefused):
    """All faults are listed up to a number at which a file is no journal at all."""

    message = _("The file cannot be imported. {rows}")
    listed = 200


class ImportTooLarge(Invalid):
    message = _("The file has {size:,} characters, and {limit:,} are allowed: split it.")


class ImportAccountsUnknown(RowsRefused):
    message = _("{count} rows refer to unknown accounts. {rows}")


class ImportAccountsWithoutPostings(RowsRefused):
    message = _("{count} rows refer to accounts that take no postings. {rows}")


class ImportDaysDistant(RowsRefused):
    """For a mistyped year. Fiscal years are never removed."""

    message = _(
        "{count} entries are dated far from the fiscal years. Correct the dates, or confirm distant years. {rows}"
    )


class ImportDaysClosed(RowsRefused):
    message = _("{count} entries are dated in closed periods. {rows}")


class ImportEntriesChanged(RowsRefused):
    """The same number with another day or other lines."""

    status = 409
    message = _(
        "{count} entries have the number of an entry in the books, but another day or other lines. Correct the "
        "numbers, or allow repeated entries. {rows}"
    )


class ImportEntriesRepeated(RowsRefused):
    """Entries without a number: a repetition cannot be distinguished from a second entry."""

    status = 409
    message = _(
        "{count} entries without a number have the day and lines of an entry that was imported before. Remove them, or "
        "allow repeated entries. {rows}"
    )


class ImportEntriesWaiting(RowsRefused):
    status = 409
    message = _(
        "{count} entries belong to an unfinished import: retry its job, or discard its remaining entries. {rows}"
    )


class EntryImportedTwice(Conflict):
    """A lost race of two imports."""

    message = _("An entry of the file was imported by another import in the meantime.")
    enforced_by = ("ledger_imported_entry_once", "ledger_staged_entry_once")


class ImportStopped(Conflict):
    """The entries before `row` are posted, and a retry continues with it."""

    message = _("Row {row}: {reason}")


class ImportNotBookable(RowsRefused):
    """Checked before the first entry of an import is posted, and again before a retry."""

    status = 409
    message = _(
        "{count} entries cannot be booked any more, so nothing of the import was posted just now. Remove the reasons "
        "and retry the job, or discard the import. {rows}"
    )


class ImportUnfinished(Conflict):
    message = _(
        "{reason} {waiting} of {entries} entries of import {import_id} are not posted: retry job {job_id}, or discard "
        "them."
    )


class ImportNotFound(NotFound):
    message = _("There is no import {import_id}.")


class ImportHasNoEntries(Conflict):
    message = _("All entries of import {import_id} are posted or discarded already.")


class ImportRemains(Conflict):
    """For the closing of a period."""

    message = _(
        "Period {period} has {entries} entries of imports that are not posted: {imports}. Retry their jobs, or discard "
        "the entries, first."
    )
    enforced_by = ("BL020",)
