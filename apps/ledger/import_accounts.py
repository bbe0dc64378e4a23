"""The accounts of an imported journal: known ones by code or name, and those that it opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from apps.kernel.errors import Refusal

from . import rules
from .csv_rows import Faults
from .errors import AccountCodeTaken
from .import_errors import ImportAccountsUnknown, ImportAccountsWithoutPostings, ImportMalformed, RowFault
from .journal_file import CHART, FileAccount, FileEntry, FileLine
from .models import Account

TYPES = {
    "Assets": Account.Type.ASSET,
    "Liabilities": Account.Type.LIABILITY,
    "Equity": Account.Type.EQUITY,
    "Income": Account.Type.INCOME,
    "Expenses": Account.Type.EXPENSE,
}


@dataclass
class ImportAccounts:
    """The accounts that the lines of a file refer to.

    names, codes  the code of each account, by its name and by its code in lower case
    ids           of existing accounts, by code
    opened        accounts to open before the entries are posted
    refusals      of rows
    """

    names: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    opened: list[FileAccount] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def code_of(self, text: str) -> str:
        """The account's code, by code or name; empty for an unknown account. A code takes precedence over a name."""
        return self.codes.get(text.lower()) or self.names.get(text, "")

    def id_of(self, text: str) -> int | None:
        """None for an account that does not exist yet."""
        return self.ids.get(self.code_of(text))

    def add(self, code: str, name: str) -> None:
        self.codes[code.lower()] = code
        self.names.setdefault(name, code)


def accounts_of(
    entries: Sequence[FileEntry], chart: Sequence[FileAccount], *, create: bool
) -> ImportAccounts:
    """`create`: open missing accounts, with the type given by the first part of the name."""
    accounts = ImportAccounts()
    existing = list(Account.objects.with_has_children())
    for account in existing:
        accounts.add(account.code, account.name)
        accounts.ids[account.code] = account.pk
    lines = [line for entry in entries for line in entry.lines]
    _open_chart(accounts, chart)
    if create:
        _open_missing(accounts, lines)
    _accounts_must_be_known(accounts, lines)
    _accounts_must_take_postings(accounts, existing, lines)
    return accounts


def _open_chart(accounts: ImportAccounts, chart: Sequence[FileAccount]) -> None:
    """Those whose names do not exist yet."""
    faults = Faults(CHART)
    for account in chart:
        if account.name in accounts.names:
            continue
        if account.code.lower() in accounts.codes:
            faults.add(account.row, str(AccountCodeTaken(account=account.code)), "code")
            continue
        _open(accounts, account)
    if faults.rows:
        accounts.refusals.append(ImportMalformed(faults.rows))


def _open_missing(accounts: ImportAccounts, lines: Iterable[FileLine]) -> None:
    """Codes are assigned in steps of ten from X0010, where X is 1 for assets to 5 for expenses."""
    for name in sorted({line.account for line in lines if not accounts.code_of(line.account)}):
        type = TYPES.get(name.split(":", maxsplit=1)[0])
        if type is not None:
            _open(accounts, FileAccount(0, _free_code(type, accounts), name, type))


def _open(accounts: ImportAccounts, account: FileAccount) -> None:
    accounts.opened.append(account)
    accounts.add(account.code, account.name)


def _free_code(type: Account.Type, accounts: ImportAccounts) -> str:
    code = (list(TYPES.values()).index(type) + 1) * 10_000 + 10
    while str(code) in accounts.codes:
        code += 10
    return str(code)


def _accounts_must_be_known(accounts: ImportAccounts, lines: Iterable[FileLine]) -> None:
    missing = [line for line in lines if not accounts.code_of(line.account)]
    if missing:
        accounts.refusals.append(
            ImportAccountsUnknown([RowFault(line.row, line.account, "account") for line in missing])
        )


def _accounts_must_take_postings(
    accounts: ImportAccounts, existing: Iterable[Account], lines: Iterable[FileLine]
) -> None:
    reasons = dict(_reasons(existing))
    if not reasons:
        return
    faults = [
        RowFault(line.row, reasons[code], "account")
        for line in lines
        if (code := accounts.code_of(line.account)) in reasons
    ]
    if faults:
        accounts.refusals.append(ImportAccountsWithoutPostings(faults))


def _reasons(accounts: Iterable[Account]) -> Iterator[tuple[str, str]]:
    """Why an account takes no postings, by its code."""
    for account in accounts:
        try:
            rules.account_must_take_postings(account.code, account)
        except Refusal as refusal:
            yield account.code, str(refusal)
