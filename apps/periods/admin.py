"""The period calendar: a table of years by months, with a button to close each open period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ServerFields
from apps.console.widgets import Form, ReasonForm
from apps.kernel.errors import Refusal
from apps.kernel.notation.form_fields import WholeNumberField
from apps.kernel.notation.shown import shown_day
from apps.kernel.search import May
from apps.settings.business_day import business_day

from . import queries
from .commands import AddFiscalYear, ClosePeriod
from .models import FiscalYear, Period
from .search import PERIODS

VIEW, CLOSE, MANAGE = "periods.view_period", "periods.close_period", "periods.manage_calendar"


def calendar(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """With `state=open`, only the open periods that have begun, and the years that have any."""
    grid = [(year, [_cell(period) for period in periods]) for year, periods in queries.calendar_grid()]
    only_open = request.GET.get("state") == "open"
    if only_open:
        grid = [(year, [cell for cell in cells if cell["state"] == "open"]) for year, cells in grid]
        grid = [(year, cells) for year, cells in grid if cells]
    user = request.user
    return TemplateResponse(
        request,
        "periods/calendar.html",
        context
        | {
            "grid": grid,
            "only_open": only_open,
            "open_periods": sum(cell["state"] == "open" for _year, cells in grid for cell in cells),
            "numbers": range(1, 13),
            "may_close": user.has_perm(CLOSE),
            "may_add_year": user.has_perm(MANAGE),
            "year_without_successor": queries.year_without_successor(business_day()),
        },
    )


def _cell(period: Period) -> dict[str, Any]:
    """A period is open before its end too, but has no button until then."""
    state = "closed" if not period.is_open else "future" if period.starts_on > business_day() else "open"
    return {
        "period": period,
        "state": state,
        "word": {"closed": gettext("Closed"), "open": gettext("Open"), "future": gettext("Future")}[state],
        "icon": {"closed": "lock", "open": "edit_calendar", "future": "event_upcoming"}[state],
        "month": f"{period.starts_on:%b}",
        "has_ended": period.is_open and period.ends_on < business_day(),
        "close": reverse("admin:close_period", args=[period.pk]),
    }


class Close(CommandPage):
    """The page to close a period: its data, its blockers and the reason."""

    command = ClosePeriod
    form = ReasonForm
    danger = True

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        period = _period(server_fields["period_id"])
        return (
            (
                gettext("Period"),
                gettext("{code}, number {number} of {year}").format(
                    code=period.code, number=period.number, year=period.year
                ),
            ),
            (
                gettext("Days"),
                gettext("{starts_on} to {ends_on}").format(
                    starts_on=shown_day(period.starts_on), ends_on=shown_day(period.ends_on)
                ),
            ),
            (gettext("Status"), period.get_status_display()),
            (gettext("Effect"), gettext("Posting in this period is no longer possible.")),
        )

    def blocking_refusals(self, server_fields: ServerFields) -> Sequence[Refusal]:
        return queries.blockers(_period(server_fields["period_id"]))

    def sentence(self, result: Period) -> str:
        return gettext("Period {code} is closed. The audit log has the actor and the reason.").format(
            code=result.code
        )

    def success_url(self, result: Period) -> str:
        return "admin:calendar"


class Year(Form):
    year = WholeNumberField(
        label=_("First calendar year"), help_text=_("The year in which the fiscal year begins.")
    )


class AddFiscalYearPage(CommandPage):
    command = AddFiscalYear
    form = Year

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        years = queries.years()
        return {"initial": {"year": years[-1].starts_on.year + 1 if years else business_day().year}}

    def sentence(self, result: FiscalYear) -> str:
        return gettext("Fiscal year {code} was added, with twelve periods.").format(code=result.code)

    def success_url(self, result: FiscalYear) -> str:
        return "admin:calendar"


def _period(period_id: int) -> Period:
    period = Period.objects.filter(pk=period_id).select_related("year").first()
    if period is None:
        raise Http404
    return period


def _open_periods() -> hooks.Reading:
    return hooks.Reading(queries.open_periods(business_day()).count(), _oldest_open())


def _oldest_open() -> str:
    if missing := queries.year_without_successor(business_day()):
        return gettext("the fiscal year after {year} is missing").format(year=missing.code)
    oldest = Period.objects.open().order_by("starts_on").first()
    return (
        gettext("the oldest is {code}").format(code=oldest.code)
        if oldest
        else gettext("all periods are closed")
    )


def _hits(periods: Sequence[Period], may: May) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            gettext("Period {code}").format(code=period.code),
            period.get_status_display(),
            reverse("admin:calendar"),
            "calendar_month",
        )
        for period in periods
    ]


hooks.plug(
    "tenant",
    hooks.SetUpStep(
        rank=7,
        title=_("First closed period"),
        permission="periods.close_period",
        is_done=lambda: queries.periods_closed() > 0,
        link="admin:calendar",
        ends=True,
    ),
    hooks.SetUpStep(
        rank=3,
        title=_("Fiscal year"),
        permission="periods.manage_calendar",
        is_done=FiscalYear.objects.exists,
        link="admin:add_fiscal_year",
    ),
    hooks.Figure(
        title=_("Open periods"),
        permission=VIEW,
        icon="calendar_month",
        read=_open_periods,
        link="admin:calendar",
        query="?state=open",
        rank=hooks.FIRST + 3,
    ),
    hooks.Page(
        path="periods/",
        name="calendar",
        title=_("Periods"),
        permission=VIEW,
        view=calendar,
        group=_("Accounting"),
        icon="calendar_month",
    ),
    hooks.Page(
        path="periods/<int:period_id>/close/",
        name="close_period",
        title=_("Close period"),
        permission=CLOSE,
        view=Close(),
    ),
    hooks.Page(
        path="periods/add-fiscal-year/",
        name="add_fiscal_year",
        title=_("Add fiscal year"),
        permission=MANAGE,
        view=AddFiscalYearPage(),
    ),
    hooks.RowSearch(
        permission=VIEW,
        search=PERIODS,
        rows=lambda: Period.objects.order_by("-starts_on"),
        hits=_hits,
    ),
)
