"""The ledger on the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.kernel.notation.shown import shown_day
from apps.ledger import queries
from apps.ledger.models import Account
from apps.settings.business_day import business_day

VIEW = "ledger.view_entry"


def _this_month() -> str:
    return f"{queries.figures(business_day()).entries_this_month:,}"


def _turnover() -> str:
    turnover = queries.figures(business_day()).turnover
    return (
        gettext("turnover {totals}").format(totals=", ".join(str(total) for total in turnover))
        if turnover
        else gettext("nothing posted yet")
    )


def _drafts() -> str:
    return f"{queries.figures(business_day()).drafts:,}"


def _assets() -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in queries.trial_balance(by="total"):
        if row.type == Account.Type.ASSET:
            totals[row.currency] = totals.get(row.currency, Decimal(0)) + row.closing
    return totals


def _asset_total() -> str:
    return " · ".join(f"{total:,.0f}" for total in _assets().values()) or "0"


def _asset_currencies() -> str:
    return gettext("{currencies}, as posted").format(currencies=" · ".join(_assets()))


def _income_and_expense() -> hooks.Plot:
    """In the currency with the most postings; the trial balance has the others."""
    months = queries.income_and_expense(months=12)
    used = [month.currency for month in months if month.income or month.expense]
    iso = max(set(used), key=used.count) if used else ""
    shown = [month for month in months if month.currency == iso]
    return hooks.Plot(
        [month.month for month in shown],
        [
            hooks.Series(gettext("Income"), [str(month.income) for month in shown], "--color-primary-600"),
            hooks.Series(gettext("Expense"), [str(month.expense) for month in shown], "--color-base-400"),
        ],
        unit=iso,
    )


def _latest() -> Sequence[Sequence[Any]]:
    return [
        [
            (str(entry), reverse("admin:ledger_entry_change", args=[entry.pk])),
            shown_day(entry.posted_on),
            entry.memo,
        ]
        for entry in queries.latest_entries(8)
    ]


hooks.plug(
    "tenant",
    hooks.Figure(
        title=_("Entries this month"),
        permission=VIEW,
        icon="receipt_long",
        value=_this_month,
        note=_turnover,
        link="admin:ledger_entry_changelist",
    ),
    hooks.Figure(
        title=_("Drafts"),
        permission=VIEW,
        icon="edit_note",
        value=_drafts,
        note=lambda: gettext("a draft blocks the closing of its period"),
        link="admin:ledger_entry_changelist",
    ),
    hooks.Figure(
        title=_("Assets"),
        permission=VIEW,
        icon="account_balance_wallet",
        value=_asset_total,
        note=_asset_currencies,
        link="admin:trial_balance",
    ),
    hooks.Chart(title=_("Income and expense by month"), permission=VIEW, plot=_income_and_expense),
    hooks.Table(
        title=_("Latest entries"),
        permission=VIEW,
        headers=(_("Number"), _("Date"), _("Memo")),
        rows=_latest,
        empty=_("Post the first entry from the menu."),
        link="admin:ledger_entry_changelist",
    ),
)
