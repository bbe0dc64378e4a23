"""The trial balance: what each account had, gained, lost and has, in each currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from apps.kernel.money import Money, currency
from apps.kernel.replica import reading


@dataclass(frozen=True)
class TrialBalanceRow:
    """An account in one currency in one month ("2021-01"), or in all of the time asked for (""). Amounts are in
    major units; `opening` and `closing` are signed, debit positive."""

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
    """Of everything posted from `since` to `until`; what came before is in the opening balances.

    By month there is a row for every month from an account's first activity to the last month in which anything
    was posted, unless all of its figures are zero. One statement, so that it is the truth of one moment; a replica's
    moment where the report allows one.
    """
    with reading().cursor() as cursor:
        cursor.execute(_SQL, {"monthly": by == "month", "since": since, "until": until})
        return [_row(*row) for row in cursor.fetchall()]


def _row(month: str, account: str, code: str, type: str, iso: str, *minors: Decimal) -> TrialBalanceRow:
    unit = currency(iso)
    opening, debit, credit, closing = (Money(int(minor), unit).amount for minor in minors)
    return TrialBalanceRow(month, account, code, type, iso, opening, debit, credit, closing)


# `bucket` is the month (or, for the total, one and the same day); what was posted before `since` is in the bucket
# -infinity, which the window counts and the result leaves out.
_SQL = """
WITH asked AS (
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
    FROM asked, ledger_entryline AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    WHERE entry.status = 'posted' AND posted_on <= until
    GROUP BY account_id, currency, bucket
), span AS (
    SELECT account_id, currency,
           CASE WHEN NOT monthly THEN date '0001-01-01'
                ELSE greatest(min(bucket), date_trunc('month', since)::date) END AS first,
           CASE WHEN NOT monthly THEN date '0001-01-01'
                ELSE (SELECT max(bucket) FROM movement) END AS last
    FROM asked, movement
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
FROM asked, balance
JOIN ledger_account AS account ON account.id = account_id
WHERE isfinite(bucket)
  AND (closing - debit + credit, debit, credit, closing) IS DISTINCT FROM (0, 0, 0, 0)
ORDER BY bucket, account.code, currency
"""
