"""Figures about imports."""

from __future__ import annotations

from apps.ledger.import_models import JournalImport, StagedEntry


def entries_waiting(record: JournalImport) -> int:
    """The number of its entries that are neither posted nor discarded."""
    return StagedEntry.objects.filter(journal_import=record).count()
