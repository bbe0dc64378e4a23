"""The accounts of an imported journal: known ones by code or name, and those that it opens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from apps.kernel.errors import Refusal
from apps.kernel.text import CharacterNotAllowed, one_line

from . import rules
from .csv_rows import Faults
from .errors import (
    AccountCodeTaken,
    ImportAccountsUnknown,
    ImportAccountsWithoutPostings,
    ImportMalformed,
    RowFault,
)
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

    opened    accounts to open before the entries are posted
    refusals  of rows
    """

    codes: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    opened: list[FileAccount] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def code_of(self, text: str) -> str:
        """The account's code, by code or name. A code takes precedence over an equal name. Raises KeyError."""
        return self.codes[text]

    def id_of(self, text: str) -> int | None:
        """None for an account that does not exist yet."""
        return self.ids.get(self.codes.get(text, ""))


def accounts_of(
    entries: Sequence[FileEntry], chart: Sequence[FileAccount], *, create: bool
) -> ImportAccounts:
    """`create`: open missing accounts, with the type given by the first part of the name."""
    accounts = ImportAccounts()
    existing = list(Account.objects.with_has_children())
    for account in existing:
        accounts.codes.setdefault(_normal(account.name), account.code)
        accounts.ids[account.code] = account.pk
    accounts.codes |= {_normal(account.code): account.code for account in existing}
    lines = [line for entry in entries for line in entry.lines]
    _open_chart(accounts, chart)
    if create:
        _open_missing(accounts, lines)
    _accounts_must_be_known(accounts, lines)
    _accounts_must_take_postings(accounts, existing, lines)
    return accounts


def _normal(text: str) -> str:
    """Of a stored text, which may be older than its rule."""
    try:
        return one_line(text)
    except CharacterNotAllowed:
        return text


def _open_chart(accounts: ImportAccounts, chart: Sequence[FileAccount]) -> None:
    """Those whose names do not exist yet."""
    faults = Faults(CHART)
    for account in chart:
        if account.name in accounts.codes:
            continue
        if account.code in accounts.codes:
            faults.add(account.row, str(AccountCodeTaken(account=account.code)), "code")
            continue
        _open(accounts, account)
    if faults.rows:
        accounts.refusals.append(ImportMalformed(faults.rows))


def _open_missing(accounts: ImportAccounts, lines: Iterable[FileLine]) -> None:
    """Codes are assigned in steps of ten from X0010, where X is 1 for assets to 5 for expenses."""
    for name in sorted({line.account for line in lines} - set(accounts.codes)):
        type = TYPES.get(name.split(":", maxsplit=1)[0])
        if type is not None:
            _open(accounts, FileAccount(0, _free_code(type, accounts), name, type))


def _open(accounts: ImportAccounts, account: FileAccount) -> None:
    accounts.opened.append(account)
    accounts.codes |= {account.name: account.code, account.code: account.code}


def _free_code(type: Account.Type, accounts: ImportAccounts) -> str:
    code = (list(TYPES.values()).index(type) + 1) * 10_000 + 10
    while str(code) in accounts.codes:
        code += 10
    return str(code)


def _accounts_must_be_known(accounts: ImportAccounts, lines: Iterable[FileLine]) -> None:
    missing = [line for line in lines if line.account not in accounts.codes]
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
        if (code := accounts.codes.get(line.account, "")) in reasons
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
