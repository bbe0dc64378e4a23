"""What an import would do: entries, accounts and fiscal years; and every refusal. Reads only."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from django.utils.translation import gettext

from apps.kernel.errors import Refusal
from apps.periods import queries as periods
from apps.periods import rules as period_rules
from apps.periods.models import Period
from apps.settings.business_day import business_day

from .commands import ImportJournal
from .import_accounts import ImportAccounts, accounts_of
from .import_errors import ImportDaysClosed, ImportDaysDistant, RowFault
from .import_identity import compare
from .journal_file import FileEntry, read_accounts, read_journal

MAX_YEARS_APART = 1
"""Between the fiscal year of an entry and the nearest fiscal year that exists, or that other entries add."""
MAX_YEARS_APART_OF_HISTORY = 3
MIN_ENTRIES_OF_HISTORY = 12
"""So many entries of one year in a file are no mistyped date."""


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """new: entries to post. known: entries that are in the books. years: fiscal years to add, in this order."""

    new: Sequence[FileEntry]
    known: Sequence[FileEntry]
    accounts: ImportAccounts
    years: Sequence[int]
    refusals: Sequence[Refusal]

    @property
    def lines(self) -> int:
        """Of the new entries."""
        return sum(len(entry.lines) for entry in self.new)


def plan_of(command: ImportJournal) -> ImportPlan:
    """Raises ImportMalformed or ImportTooLarge for a file that cannot be read; all other refusals are in the plan."""
    entries = read_journal(command.journal)
    chart = read_accounts(command.accounts) if command.accounts.strip() else []
    accounts = accounts_of(entries, chart, create=command.create_accounts)
    comparison = compare(entries, accounts, allow_repeated=command.allow_repeated)
    years, refusals = _fiscal_years(comparison.new, allow_distant=command.allow_distant_years)
    return ImportPlan(
        new=comparison.new,
        known=comparison.known,
        accounts=accounts,
        years=years,
        refusals=[*accounts.refusals, *comparison.refusals, *refusals],
    )


def _fiscal_years(entries: Sequence[FileEntry], *, allow_distant: bool) -> tuple[list[int], list[Refusal]]:
    """The years to add, and the refusals of days."""
    first_month = periods.the_calendar().first_month
    year_of = {entry.row: periods.fiscal_year_of(entry.posted_on, first_month) for entry in entries}
    existing = {year.starts_on.year for year in periods.years()}
    base = existing or {periods.fiscal_year_of(business_day(), first_month)}
    near = _near_years(Counter(year_of.values()), base)
    distant = list[RowFault]()
    for entry in entries:
        year = year_of[entry.row]
        if not period_rules.FIRST_YEAR <= year <= period_rules.LAST_YEAR:
            distant.append(
                _fault(
                    entry,
                    gettext("fiscal years are between {first} and {last}").format(
                        first=period_rules.FIRST_YEAR, last=period_rules.LAST_YEAR
                    ),
                )
            )
        elif year not in near and not allow_distant:
            distant.append(_distant(entry, year, base))
    if distant:
        return [], [ImportDaysDistant(distant)]
    years = _missing_years(set(year_of.values()), existing)
    closed = [*_in_closed_periods(entries), *_before_closed_periods(entries, year_of, years)]
    return years, [ImportDaysClosed(closed)] if closed else []


def _near_years(entries: Counter[int], base: Set[int]) -> set[int]:
    """The years of entries that are near an existing year, or near another one of these."""
    near = set(base)
    while more := {
        year for year, count in entries.items() if year not in near and _is_near(year, count, near)
    }:
        near |= more
    return near


def _is_near(year: int, entries: int, near: Iterable[int]) -> bool:
    limit = MAX_YEARS_APART_OF_HISTORY if entries >= MIN_ENTRIES_OF_HISTORY else MAX_YEARS_APART
    return min(abs(year - other) for other in near) <= limit


def _distant(entry: FileEntry, year: int, base: Iterable[int]) -> RowFault:
    first, last = min(base), max(base)
    added = first - year if year < first else year - last
    return _fault(
        entry,
        gettext("{day} is outside the fiscal years {first} to {last}; {count} years would be added").format(
            day=entry.posted_on, first=first, last=last, count=added
        ),
    )


def _fault(entry: FileEntry, sentence: str) -> RowFault:
    return RowFault(entry.row, sentence, "date")


def _missing_years(needed: Set[int], existing: Set[int]) -> list[int]:
    """The years that leave no gap, each adjacent to an existing or an earlier one of the list."""
    if not needed:
        return []
    first, last = min(existing | needed), max(existing | needed)
    begin = min(existing, default=first)
    ordered = (*range(begin - 1, first - 1, -1), *range(begin, last + 1))
    return [year for year in ordered if year not in existing]


def _in_closed_periods(entries: Sequence[FileEntry]) -> list[RowFault]:
    closed = _closed_periods([entry.posted_on for entry in entries])
    return [
        _fault(entry, gettext("period {period} is closed").format(period=period.code))
        for entry in entries
        for period in closed
        if period.starts_on <= entry.posted_on <= period.ends_on
    ]


def _closed_periods(days: Sequence[dt.date]) -> list[Period]:
    if not days:
        return []
    return list(
        Period.objects.filter(
            status=Period.Status.CLOSED, starts_on__lte=max(days), ends_on__gte=min(days)
        ).order_by("starts_on")
    )


def _before_closed_periods(
    entries: Sequence[FileEntry], year_of: dict[int, int], years: Sequence[int]
) -> list[RowFault]:
    """No fiscal year is added before a closed period."""
    faults = list[RowFault]()
    reasons: dict[int, str] = {}
    for year in years:
        try:
            period_rules.no_later_period_must_be_closed(year)
        except Refusal as refusal:
            reasons[year] = str(refusal)
    for entry in entries:
        if reason := reasons.get(year_of[entry.row]):
            faults.append(_fault(entry, reason))
    return faults
