from collections.abc import Sequence
from typing import Any

from django.shortcuts import get_object_or_404

from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.serializers import Reason
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint, QueryEndpoint
from apps.kernel.problems.bodies import reason_of
from apps.periods import queries
from apps.periods.commands import AddFiscalYear, ClosePeriod, DefineCalendar
from apps.periods.models import Calendar, FiscalYear, Period

from .serializers import CalendarSerializer, PeriodSerializer, YearSerializer


class PeriodFilter(Filters):
    year = CharFilter("year__code")

    class Meta:
        model = Period
        fields = ("status",)


class Calendars(ListEndpoint, CommandEndpoint):
    """The fiscal calendars of this tenant."""

    permission = "periods.view_calendar"
    queryset = Calendar.objects.all()
    serializer_class = CalendarSerializer
    command, result = DefineCalendar, CalendarSerializer


class Years(ListEndpoint, CommandEndpoint):
    """The fiscal years, newest first."""

    permission = "periods.view_fiscalyear"
    queryset = FiscalYear.objects.all()
    serializer_class = YearSerializer
    ordering = ("-starts_on",)
    command, result = AddFiscalYear, YearSerializer


class Periods(ListEndpoint):
    """The periods of all years, newest first."""

    permission = "periods.view_period"
    queryset = Period.objects.all()
    serializer_class = PeriodSerializer
    filterset_class = PeriodFilter
    ordering = ("-starts_on",)


class OnePeriod(DetailEndpoint):
    """A period."""

    permission = "periods.view_period"
    queryset = Period.objects.all()
    serializer_class = PeriodSerializer
    lookup_url_kwarg = "period_id"


class Blockers(QueryEndpoint):
    """The refusals that block the closing of a period. It can be closed if the list is empty."""

    permission = "periods.view_period"
    serializer_class = Reason
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Sequence[Any]:
        period = get_object_or_404(Period, pk=server_fields["period_id"])
        return [reason_of(blocker) for blocker in queries.blockers(period)]


class CloseOnePeriod(CommandEndpoint):
    command, result, status = ClosePeriod, PeriodSerializer, 200
    server_fields = ("period_id",)
