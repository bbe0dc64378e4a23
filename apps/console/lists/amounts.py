"""Columns with amounts, aligned by their digits, and the totals of all rows of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.expressions import Combinable
from django.utils.functional import Promise
from django.utils.html import format_html

from apps.kernel.money import Money, currency

MAX_UNFILTERED_ROWS = 100_000
"""Rows of a list that shows totals without a filter."""


@dataclass(frozen=True)
class Amount:
    """A column with amounts.

    money      the amounts of a row; none where there is nothing to show
    minor      their minor units, as a column or an expression, for the total; empty without a total
    code       the column with their currency
    condition  of what counts for the total, such as one side of the lines of a row
    """

    money: Callable[[Any], Sequence[Money]]
    minor: str | Combinable = ""
    code: str = "currency"
    condition: Q = field(default_factory=Q)


@dataclass(frozen=True)
class Total:
    title: str | Promise
    amounts: Sequence[Money]


def amount_column(
    money: str | Callable[[Any], Sequence[Money]],
    *,
    description: str | Promise,
    minor: str | Combinable = "",
    code: str = "currency",
    condition: Q | None = None,
) -> Callable[[Any, Any], str]:
    """A column of a list: `money` is the attribute with the amount of a row, or a function for its amounts."""
    amount = Amount(
        money=money if callable(money) else lambda row: [getattr(row, money)],
        minor=minor,
        code=code,
        condition=condition or Q(),
    )

    def column(_: Any, row: Any) -> str:
        return shown(amount.money(row))

    vars(column).update(amount=amount, short_description=description)
    if isinstance(minor, str) and minor and "__" not in minor:
        vars(column).update(admin_order_field=minor)
    return column


def amount_of(admin: Any, name: object) -> Amount | None:
    """The declaration of a column with amounts; None for another column."""
    return getattr(getattr(admin, name, None), "amount", None) if isinstance(name, str) else None


def shown(amounts: Sequence[Money]) -> str:
    """In a cell, which the style sheet aligns."""
    return cell(", ".join(str(money) for money in amounts) or "—")


def cell(text: str) -> str:
    return format_html('<span class="console-cell-amount">{}</span>', text)


def totals_of(admin: Any, changelist: ChangeList) -> dict[str, Any]:
    """The context of totals.html: the sums of all rows for each column with amounts, by currency. Only of a filtered
    list and of one with few rows, since those of a large table take long."""
    columns = [
        (name, amount)
        for name in changelist.list_display
        if (amount := amount_of(admin, name)) and amount.minor
    ]
    is_filtered = bool(changelist.query or changelist.get_filters_params())
    if columns and not is_filtered and changelist.result_count > MAX_UNFILTERED_ROWS:
        return {"totals_need_filter": True}
    rows = changelist.queryset
    return {
        "totals": [
            Total(getattr(admin, str(name)).short_description, _sums(rows, amount))
            for name, amount in columns
        ]
    }


def _sums(rows: QuerySet[Any], amount: Amount) -> list[Money]:
    """Filtered rows are a subquery, since their filters may have joins that repeat rows."""
    minor = F(amount.minor) if isinstance(amount.minor, str) else amount.minor
    chosen = rows.model._base_manager.using(rows.db).all()
    if rows.query.where:
        chosen = chosen.filter(pk__in=rows.order_by().values("pk"))
    sums = chosen.filter(amount.condition).order_by(amount.code).values_list(amount.code)
    return [
        Money(int(total), currency(code))
        for code, total in sums.annotate(total=Sum(minor))
        if total is not None
    ]
