"""The ledger on the dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.kernel.notation.shown import shown_day
from apps.ledger import queries
from apps.ledger.models import Entry
from apps.periods import queries as periods
from apps.settings.business_day import business_day

VIEW = "ledger.view_entry"


def _this_month() -> hooks.Reading:
    figures = queries.figures(business_day())
    note = (
        gettext("turnover {totals}").format(totals=", ".join(str(total) for total in figures.turnover))
        if figures.turnover
        else gettext("nothing posted yet")
    )
    return hooks.Reading(figures.entries_this_month, note)


def _posted_this_month() -> str:
    day = business_day()
    return f"?status__exact=posted&posted_on__year={day.year}&posted_on__month={day.month}"


def _drafts() -> hooks.Reading:
    return hooks.Reading(Entry.objects.drafts().count(), gettext("a draft blocks the closing of its period"))


def _result() -> hooks.Reading:
    year = periods.year_of(business_day())
    if year is None:
        return hooks.Reading((), gettext("no fiscal year has this day"))
    note = gettext("income less expense of {year}").format(year=year)
    return hooks.Reading(queries.or_zero(queries.result(year.starts_on, year.ends_on)), note)


def _accounts_of_result() -> str:
    year = periods.year_of(business_day())
    days = f"&since={year.starts_on}&until={year.ends_on}" if year else ""
    return f"?by=total&accounts=result{days}"


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
        title=_("Result"),
        permission=VIEW,
        icon="trending_up",
        read=_result,
        link="admin:trial_balance",
        query=_accounts_of_result,
        rank=hooks.FIRST + 2,
    ),
    hooks.Figure(
        title=_("Entries this month"),
        permission=VIEW,
        icon="receipt_long",
        read=_this_month,
        link="admin:ledger_entry_changelist",
        query=_posted_this_month,
    ),
    hooks.Figure(
        title=_("Drafts"),
        permission=VIEW,
        icon="edit_note",
        read=_drafts,
        link="admin:ledger_entry_changelist",
        query="?status__exact=draft",
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
