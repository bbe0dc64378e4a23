"""Validation of imports."""

from __future__ import annotations

from django.db import connection

from apps.jobs.models import Run
from apps.kernel.db.locks import Lock
from apps.periods.models import Period

from .import_errors import ImportHasNoEntries, ImportNotFound, ImportRemains
from .import_models import JournalImport, StagedEntry

IMPORT = Lock("{schema}:journal-import")


def no_other_import_must_begin() -> None:
    """Waits for a concurrent import, so that its entries are known to this one."""
    with connection.cursor() as cursor:
        IMPORT.key().hold(cursor)


def import_must_have_entries(import_id: int) -> JournalImport:
    """Some of its entries are neither posted nor discarded. Waits for the step in progress of its job."""
    record = JournalImport.objects.filter(pk=import_id).first()
    if record is None:
        raise ImportNotFound(import_id=import_id)
    Run.objects.select_for_update(no_key=True).filter(pk=record.job_id or 0).first()
    if not StagedEntry.objects.filter(journal_import=record).exists():
        raise ImportHasNoEntries(import_id=import_id)
    return record


def no_import_must_remain(period: Period) -> None:
    """The closing check for imports."""
    days = {"posted_on__gte": period.starts_on, "posted_on__lte": period.ends_on}
    staged = StagedEntry.objects.filter(**days).order_by("pk").first()
    if staged is not None:
        raise ImportRemains(import_id=staged.journal_import_id, period=period.code)
