from apps.audit.models import Record
from apps.bus.api.filters import Filters, IsoDateTimeFilter
from apps.bus.api.views import Lists, Shows

from .serializers import RecordSerializer, RecordWithDetails


class RecordFilter(Filters):
    since = IsoDateTimeFilter("at", "gte")
    until = IsoDateTimeFilter("at", "lt")

    class Meta:
        model = Record
        fields = ("command", "outcome", "correlation_id", "subject_type", "subject_id")


class Records(Lists):
    """What was done, refused and failed, newest first."""

    permission = "audit.view_record"
    queryset = Record.objects.all()
    serializer_class = RecordSerializer
    filterset_class = RecordFilter


class OneRecord(Shows):
    """One command and everything that came of it."""

    permission = "audit.view_record"
    queryset = Record.objects.all()
    serializer_class = RecordWithDetails
    lookup_url_kwarg = "record_id"
