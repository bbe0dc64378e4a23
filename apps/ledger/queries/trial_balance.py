"""The trial balance: opening balance, debit, credit and closing balance by account and currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from apps.kernel.db.replica import reading
from apps.kernel.money import Money, currency


@dataclass(frozen=True)
class TrialBalanceRow:
    """An account in one currency, in one month ("2021-01") or in the whole range (""). Amounts are in major units;
    `opening` and `closing` are signed, debit positive."""

    month: str
    account: str
    code: str
    type: str
    currency: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal


def trial_balance(
    by: Literal["month", "total"] = "month", since: dt.date | None = None, until: dt.date | None = None
) -> list[TrialBalanceRow]:
    """The trial balance of postings from `since` to `until`; earlier postings are in the opening balances.

    By month, an account has a row for every month from its first posting to the last month with any posting, unless
    all figures are zero. One statement gives a consistent snapshot; it may be that of a replica.
    """
    with reading().cursor() as cursor:
        cursor.execute(_SQL, {"monthly": by == "month", "since": since, "until": until})
        return [_row(*row) for row in cursor.fetchall()]


def _row(month: str, account: str, code: str, type: str, iso: str, *minors: Decimal) -> TrialBalanceRow:
    unit = currency(iso)
    opening, debit, credit, closing = (Money(int(minor), unit).amount for minor in minors)
    return TrialBalanceRow(month, account, code, type, iso, opening, debit, credit, closing)


# `bucket` is the month (for the total, a constant day); postings before `since` are in the bucket -infinity, which the
# window sums and the result omits.
_SQL = """
WITH parameters AS (
    SELECT %(monthly)s AS monthly,
           coalesce(%(since)s::date, '-infinity') AS since,
           coalesce(%(until)s::date, 'infinity') AS until
), movement AS (
    SELECT account_id, currency,
           CASE WHEN posted_on < since THEN '-infinity'
                WHEN monthly THEN date_trunc('month', posted_on)::date
                ELSE date '0001-01-01' END AS bucket,
           coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0) AS debit,
           coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0) AS credit
    FROM parameters, ledger_entryline AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    WHERE entry.status = 'posted' AND posted_on <= until
    GROUP BY account_id, currency, bucket
), span AS (
    SELECT account_id, currency,
           CASE WHEN NOT monthly THEN date '0001-01-01'
                ELSE greatest(min(bucket), date_trunc('month', since)::date) END AS first,
           CASE WHEN NOT monthly THEN date '0001-01-01'
                ELSE (SELECT max(bucket) FROM movement) END AS last
    FROM parameters, movement
    GROUP BY account_id, currency, monthly, since
), grid AS (
    SELECT account_id, currency, generate_series(first, last, interval '1 month')::date AS bucket
    FROM span
    WHERE isfinite(last)
), balance AS (
    SELECT account_id, currency, bucket,
           coalesce(debit, 0) AS debit,
           coalesce(credit, 0) AS credit,
           sum(coalesce(debit, 0) - coalesce(credit, 0))
               OVER (PARTITION BY account_id, currency ORDER BY bucket) AS closing
    FROM grid
    FULL JOIN movement USING (account_id, currency, bucket)
)
SELECT CASE WHEN monthly THEN to_char(bucket, 'YYYY-MM') ELSE '' END,
       account.name, account.code, account.type, currency,
       closing - debit + credit, debit, credit, closing
FROM parameters, balance
JOIN ledger_account AS account ON account.id = account_id
WHERE isfinite(bucket)
  AND (closing - debit + credit, debit, credit, closing) IS DISTINCT FROM (0, 0, 0, 0)
ORDER BY bucket, account.code, currency
"""
