"""Validation of imports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Set

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.jobs.models import Run
from apps.kernel.db.locks import Lock
from apps.kernel.errors import Refusal
from apps.kernel.listing import listed
from apps.periods.models import Period

from . import rules
from .import_errors import ImportHasNoEntries, ImportNotBookable, ImportNotFound, ImportRemains, RowFault
from .import_models import JournalImport, StagedEntry
from .models import Account

MAX_IMPORTS_LISTED = 10
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
    staged = StagedEntry.objects.filter(posted_on__gte=period.starts_on, posted_on__lte=period.ends_on)
    if waiting := staged.count():
        ids = staged.order_by("journal_import_id").values_list("journal_import_id", flat=True).distinct()
        imports = listed([str(import_id) for import_id in ids], MAX_IMPORTS_LISTED)
        raise ImportRemains(period=period.code, entries=waiting, imports=imports)


def staged_entries_must_be_bookable(staged: QuerySet[StagedEntry]) -> None:
    """All of them: their periods are open, which the database guarantees as long as they wait, and their accounts still
    take postings. So an import is posted as a whole, or none of the entries that wait is."""
    reasons = {account: str(refusal) for account, refusal in _unusable(staged)}
    closed = Period.objects.filter(status=Period.Status.CLOSED)
    faults = [
        RowFault(entry.row, gettext("period {period} is closed").format(period=period.code), "date")
        for period in closed
        for entry in staged.filter(posted_on__gte=period.starts_on, posted_on__lte=period.ends_on).only("row")
    ]
    for account, reason in reasons.items():
        with_account = staged.filter(lines__contains=[[account]]).order_by("row")
        faults += [
            RowFault(entry.row, reason, "account")
            for entry in with_account.only("row", "lines")
            if any(line[0] == account for line in entry.lines)  # the text may also be an amount or a memo
        ]
    if faults:
        raise ImportNotBookable(sorted(faults, key=lambda fault: fault.row))


def hold_periods_open(days: Set[dt.date]) -> None:
    """The periods of all days, before the first entry locks the counter of the journal: a close that waits for another
    posting, which waits for the counter, would be waited for (docs/decisions/0024-order-of-locks.md)."""
    if days:
        periods = Period.objects.filter(starts_on__lte=max(days), ends_on__gte=min(days)).order_by("pk")
        for period in periods:
            if any(period.starts_on <= day <= period.ends_on for day in days):
                period.hold_open()


def _unusable(staged: QuerySet[StagedEntry]) -> Iterator[tuple[str, Refusal]]:
    codes = {line[0] for lines in staged.values_list("lines", flat=True).iterator() for line in lines}
    accounts = {
        account.code: account for account in Account.objects.with_has_children().filter(code__in=codes)
    }
    for code in sorted(codes):
        try:
            rules.account_must_take_postings(code, accounts.get(code))
        except Refusal as refusal:
            yield code, refusal
