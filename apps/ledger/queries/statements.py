"""The statement of an account: its lines in a span of days, with opening, running and closing balance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from apps.companies import queries as companies
from apps.kernel.db.replica import reading
from apps.kernel.money import Money, currency
from apps.ledger.models import Account

LINES_PER_PAGE = 100


@dataclass(frozen=True)
class StatementLine:
    """A line, with the balance of the account in its currency after it. `entry` is the number of its entry."""

    posted_on: dt.date
    entry_id: int
    entry: str
    memo: str
    amount: Money
    balance: Money


@dataclass(frozen=True)
class StatementBalance:
    """The balances of an account in one currency; debit positive."""

    opening: Money
    debit: Money
    credit: Money
    closing: Money


@dataclass(frozen=True)
class Statement:
    """`lines` are those of one page; `count` is the number of all."""

    balances: Sequence[StatementBalance]
    lines: Sequence[StatementLine]
    count: int


def account_statement(
    account: Account, since: dt.date | None = None, until: dt.date | None = None, page: int = 1
) -> Statement:
    """The posted lines from `since` to `until`, by day; earlier ones are in the opening balance."""
    span = {"account": account.pk, "since": since, "until": until}
    with reading().cursor() as cursor:
        cursor.execute(_BALANCES, span)
        rows = cursor.fetchall()
        cursor.execute(_LINES, {**span, "limit": LINES_PER_PAGE, "offset": (page - 1) * LINES_PER_PAGE})
        lines = [_line(*row) for row in cursor.fetchall()]
    balances = [
        _balance(iso, int(opening), int(debit), int(credit)) for iso, opening, debit, credit, _ in rows
    ]
    return Statement(balances, lines, sum(count for *_, count in rows))


def balance_of(code: str) -> tuple[Money, ...]:
    """The balance of the account with the code in each currency; zero in the currency of the company without a
    posting, or without the account."""
    with reading().cursor() as cursor:
        cursor.execute(_TOTAL, [code])
        return or_zero(tuple(Money(int(minor), currency(iso)) for iso, minor in cursor.fetchall()))


def result(since: dt.date, until: dt.date) -> tuple[Money, ...]:
    """Income less expense of the days in each currency."""
    with reading().cursor() as cursor:
        cursor.execute(_RESULT, [since, until])
        return tuple(Money(int(minor), currency(iso)) for iso, minor in cursor.fetchall())


def or_zero(amounts: tuple[Money, ...]) -> tuple[Money, ...]:
    """The amounts; without any, zero in the currency of the company."""
    company = companies.first_company()
    return amounts or ((Money(0, currency(company.currency)),) if company else ())


def _balance(iso: str, opening: int, debit: int, credit: int) -> StatementBalance:
    minors = (opening, debit, credit, opening + debit - credit)
    return StatementBalance(*(Money(minor, currency(iso)) for minor in minors))


def _line(
    posted_on: dt.date, entry_id: int, entry: str, memo: str, iso: str, amount: int, balance: int
) -> StatementLine:
    unit = currency(iso)
    return StatementLine(posted_on, entry_id, entry, memo, Money(amount, unit), Money(int(balance), unit))


_POSTED = """
    FROM ledger_entryline AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    JOIN ledger_account AS account ON account.id = line.account_id
    WHERE entry.status = 'posted'
"""
_OF_ACCOUNT = f"""{_POSTED} AND account_id = %(account)s
      AND posted_on <= coalesce(%(until)s::date, 'infinity')
"""
_BALANCES = f"""
SELECT currency,
       coalesce(sum(amount_minor) FILTER (WHERE posted_on < since), 0),
       coalesce(sum(amount_minor) FILTER (WHERE posted_on >= since AND amount_minor > 0), 0),
       coalesce(-sum(amount_minor) FILTER (WHERE posted_on >= since AND amount_minor < 0), 0),
       count(*) FILTER (WHERE posted_on >= since)
FROM (SELECT line.currency, line.amount_minor, entry.posted_on,
             coalesce(%(since)s::date, '-infinity') AS since {_OF_ACCOUNT}) AS posted
GROUP BY currency ORDER BY currency
"""  # noqa: S608 - constants
_LINES = f"""
SELECT posted_on, entry_id, number, memo, currency, amount_minor, balance
FROM (
    SELECT entry.posted_on, line.entry_id, line.line_no, line.currency, line.amount_minor,
           journal.code || '-' || year.code || '-' || entry.number AS number,
           coalesce(nullif(line.memo, ''), entry.memo) AS memo,
           sum(line.amount_minor) OVER (PARTITION BY line.currency ORDER BY entry.posted_on, entry.id, line.line_no)
               AS balance
    FROM (SELECT line.*, entry.posted_on AS day {_OF_ACCOUNT}) AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    JOIN ledger_journal AS journal ON journal.id = entry.journal_id
    JOIN periods_fiscalyear AS year ON year.id = entry.year_id
) AS numbered
WHERE posted_on >= coalesce(%(since)s::date, '-infinity')
ORDER BY posted_on, entry_id, line_no
LIMIT %(limit)s OFFSET %(offset)s
"""  # noqa: S608 - constants
_TOTAL = (
    f"SELECT currency, sum(amount_minor) {_POSTED} AND account.code = %s GROUP BY currency ORDER BY currency"
)
_RESULT = f"""
SELECT currency, -sum(amount_minor) {_POSTED} AND type IN ('income', 'expense') AND posted_on BETWEEN %s AND %s
GROUP BY currency ORDER BY currency
"""
