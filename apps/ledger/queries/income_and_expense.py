"""Income and expense by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from apps.kernel.money import Money, currency
from apps.settings.business_day import business_day


@dataclass(frozen=True)
class MonthFigures:
    """Income and expense of a month ("2021-01") in one currency, in major units; both are usually positive."""

    month: str
    currency: str
    income: Decimal
    expense: Decimal


def income_and_expense(months: int = 12, until: dt.date | None = None) -> list[MonthFigures]:
    """The last `months` months up to the one of `until` (default: today): each month for every currency with a
    posting in any of them."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"months": months, "until": until or business_day()})
        return [_figures(*row) for row in cursor.fetchall()]


def _figures(month: str, iso: str, income: Decimal, expense: Decimal) -> MonthFigures:
    unit = currency(iso)
    return MonthFigures(month, iso, Money(int(income), unit).amount, Money(int(expense), unit).amount)


_SQL = """
WITH span AS (
    SELECT date_trunc('month', %(until)s::date)::date AS last,
           (date_trunc('month', %(until)s::date) - (%(months)s - 1) * interval '1 month')::date AS first
), movement AS (
    SELECT date_trunc('month', posted_on)::date AS month, currency,
           coalesce(-sum(amount_minor) FILTER (WHERE type = 'income'), 0) AS income,
           coalesce(sum(amount_minor) FILTER (WHERE type = 'expense'), 0) AS expense
    FROM span, ledger_entryline AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    JOIN ledger_account AS account ON account.id = line.account_id
    WHERE entry.status = 'posted' AND type IN ('income', 'expense')
      AND posted_on >= first AND posted_on < last + interval '1 month'
    GROUP BY 1, 2
)
SELECT to_char(month, 'YYYY-MM'), currency, coalesce(income, 0), coalesce(expense, 0)
FROM (SELECT DISTINCT currency FROM movement) AS used
CROSS JOIN (SELECT generate_series(first, last, interval '1 month')::date AS month FROM span) AS grid
LEFT JOIN movement USING (month, currency)
ORDER BY currency, month
"""
