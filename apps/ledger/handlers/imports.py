"""Importing a journal file: all of its entries, or none."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from apps.bus import dispatch, handles
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.listing import listed
from apps.kernel.progress import steps
from apps.ledger import rules
from apps.ledger.commands import ImportJournal, Line, OpenAccount, PostEntry
from apps.ledger.errors import ImportAccountsUnknown
from apps.ledger.journal_file import FileAccount, FileEntry, FileLine, read_accounts, read_journal
from apps.ledger.models import Account, JournalImport
from apps.periods import queries as periods
from apps.periods.commands import AddFiscalYear
from apps.periods.rules import year_must_be_in_range

MAX_ROWS_LISTED = 20
TYPES = {
    "Assets": Account.Type.ASSET,
    "Liabilities": Account.Type.LIABILITY,
    "Equity": Account.Type.EQUITY,
    "Income": Account.Type.INCOME,
    "Expenses": Account.Type.EXPENSE,
}


@handles(ImportJournal)
def import_journal(command: ImportJournal) -> JournalImport:
    sha256 = hashlib.sha256(command.journal.encode()).hexdigest()
    rules.file_must_be_new(sha256)
    entries = read_journal(command.journal)
    chart = read_accounts(command.accounts) if command.accounts else []

    record = JournalImport.objects.create(
        sha256=sha256,
        name=command.name,
        entries=len(entries),
        lines=sum(len(entry.lines) for entry in entries),
        imported_at=now(),
    )
    _open_chart(chart)
    codes = _codes(entries, create=command.create_accounts)
    _add_fiscal_years([entry.posted_on for entry in entries])
    for entry in steps(entries, len(entries)):
        dispatch(_command(entry, codes, command.name))
    return record


def _open_chart(chart: Sequence[FileAccount]) -> None:
    """Opens the accounts whose names do not exist yet."""
    known = set(Account.objects.values_list("name", flat=True))
    with together() as validation:
        for account in chart:
            if account.name not in known:
                validation.check(
                    dispatch, OpenAccount(code=account.code, name=account.name, type=account.type)
                )


def _codes(entries: Sequence[FileEntry], *, create: bool) -> dict[str, str]:
    """Maps each code or name in the file to the code of the account."""
    lines = [line for entry in entries for line in entry.lines]
    codes = _known_codes()
    missing = [line for line in lines if line.account not in codes]
    if missing and create:
        _open_missing(missing)
        codes = _known_codes()
        missing = [line for line in lines if line.account not in codes]
    if missing:
        raise ImportAccountsUnknown(count=len(missing), rows=_named(missing))
    return codes


def _known_codes() -> dict[str, str]:
    """A code takes precedence over an equal name."""
    accounts = list(Account.objects.all())
    return {account.name: account.code for account in accounts} | {
        account.code: account.code for account in accounts
    }


def _open_missing(lines: Sequence[FileLine]) -> None:
    """Opens accounts whose type follows from the first part of their name. Codes are assigned in steps of ten from
    X0010, where X is 1 for assets to 5 for expenses."""
    taken = set(Account.objects.values_list("code", flat=True))
    for name in sorted({line.account for line in lines}):
        type = TYPES.get(name.split(":", maxsplit=1)[0])
        if type is not None:
            code = _free_code(type, taken)
            taken.add(code)
            dispatch(OpenAccount(code=code, name=name, type=type))


def _free_code(type: Account.Type, taken: set[str]) -> str:
    code = (list(TYPES.values()).index(type) + 1) * 10_000 + 10
    while str(code) in taken:
        code += 10
    return str(code)


def _named(lines: Sequence[FileLine]) -> str:
    return listed([f"row {line.row}: {line.account}" for line in lines], MAX_ROWS_LISTED, "; ")


def _add_fiscal_years(days: Sequence[dt.date]) -> None:
    """Adds the missing fiscal years of the days, each adjacent to an existing one."""
    first_month = periods.the_calendar().first_month
    needed = {periods.fiscal_year_of(day, first_month) for day in days}
    with together() as validation:
        for year in sorted(needed):
            validation.check(year_must_be_in_range, year)
    existing = {year.starts_on.year for year in periods.years()}
    first, last = min(existing | needed), max(existing | needed)
    begin = min(existing, default=first)
    for year in (*range(begin - 1, first - 1, -1), *range(begin, last + 1)):
        if year not in existing:
            dispatch(AddFiscalYear(year=year))


def _command(entry: FileEntry, codes: dict[str, str], file: str) -> PostEntry:
    return PostEntry(
        posted_on=entry.posted_on,
        memo=entry.narration,
        payee=entry.payee,
        reference=f"{file} {entry.number}"[-120:],
        lines=tuple(
            Line(
                account=codes[line.account],
                currency=line.money.currency.code,
                amount=line.money.amount,
            )
            for line in entry.lines
        ),
    )
