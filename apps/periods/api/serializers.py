from apps.bus.api.serializers import ReadSerializer
from apps.periods.models import Calendar, FiscalYear, Period


class CalendarSerializer(ReadSerializer):
    class Meta:
        model = Calendar
        fields = ("id", "name", "first_month")


class YearSerializer(ReadSerializer):
    class Meta:
        model = FiscalYear
        fields = ("id", "calendar", "code", "starts_on", "ends_on")


class PeriodSerializer(ReadSerializer):
    class Meta:
        model = Period
        fields = (
            "id",
            "year",
            "number",
            "code",
            "starts_on",
            "ends_on",
            "status",
            "close_version",
            "closed_at",
            "close_reason",
        )
