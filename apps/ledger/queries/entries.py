"""Figures about entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q

from apps.kernel.money import Money, currency
from apps.ledger.models import Account, Entry
from apps.periods.models import FiscalYear


@dataclass(frozen=True)
class Figures:
    """Figures of the ledger.

    accounts            the number of active accounts
    entries             the number of posted entries
    entries_this_month  the number of posted entries with a date in the current month
    drafts              the number of drafts
    turnover            the sum of debits in the current month, by currency
    """

    accounts: int
    entries: int
    entries_this_month: int
    drafts: int
    turnover: Sequence[Money]


def figures(today: dt.date) -> Figures:
    """For a dashboard."""
    posted, first, last = Q(status=Entry.Status.POSTED), *_month_of(today)
    return Figures(
        accounts=Account.objects.filter(is_active=True).count(),
        turnover=_turnover(first, last),
        **Entry.objects.aggregate(
            entries=Count("id", filter=posted),
            entries_this_month=Count("id", filter=posted & Q(posted_on__gte=first, posted_on__lte=last)),
            drafts=Count("id", filter=~posted),
        ),
    )


def has_accounts() -> bool:
    return Account.objects.exists()


def entries_posted() -> int:
    """The number of posted entries: the sum of the journals' counters, since numbers have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(last), 0)::bigint FROM ledger_journalcounter")
        count: int = cursor.fetchone()[0]
    return count


def last_year_with_entries() -> FiscalYear | None:
    """The latest fiscal year with a posted entry."""
    last = Entry.objects.posted().select_related("year").order_by("posted_on").last()
    return last.year if last else None


def latest_entries(limit: int = 10) -> list[Entry]:
    """The entries that were posted last, the latest first."""
    return list(Entry.objects.posted().with_numbers().order_by("-posted_at", "-id")[:limit])


def _turnover(first: dt.date, last: dt.date) -> list[Money]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT currency, sum(amount_minor) FROM ledger_entryline JOIN ledger_entry ON ledger_entry.id = entry_id"
            " WHERE status = 'posted' AND amount_minor > 0 AND posted_on BETWEEN %s AND %s"
            " GROUP BY currency ORDER BY currency",
            [first, last],
        )
        return [Money(int(minor), currency(iso)) for iso, minor in cursor.fetchall()]


def _month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
