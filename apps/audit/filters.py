"""Filters of the audit log, shared by the API, the console and the command line."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.bus.api.filters import CharFilter, Filters, IsoDateTimeFilter

from . import queries, retention
from .models import Record


def _no_related_rows(permission: str) -> bool:
    return False


class RecordFilter(Filters):
    """`readings=include` adds read access to the audit log, `readings=only` returns nothing else."""

    since = IsoDateTimeFilter("at", "gte")
    until = IsoDateTimeFilter("at", "lt")
    text = CharFilter(method="with_text")
    actor = CharFilter("actor_name", "icontains")
    readings = CharFilter(method="with_readings")

    class Meta:
        model = Record
        fields = (
            "command",
            "outcome",
            "correlation_id",
            "subject_type",
            "subject_id",
            "actor_id",
            "impersonator_name",
            "retention",
        )

    def with_text(self, records: QuerySet[Record], name: str, text: str) -> QuerySet[Record]:
        return queries.RECORDS.rows(records, text, _no_related_rows)

    def with_readings(self, records: QuerySet[Record], name: str, wanted: str) -> QuerySet[Record]:
        return records.filter(retention=retention.ACCESS) if wanted == "only" else records

    def filter_queryset(self, queryset: Any) -> Any:
        """Read access is left out by default."""
        filters = self.form.cleaned_data
        if not filters.get("readings") and filters.get("retention") != retention.ACCESS:
            queryset = queryset.exclude(retention=retention.ACCESS)
        return super().filter_queryset(queryset)
