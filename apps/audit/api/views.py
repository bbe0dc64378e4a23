from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit import access_log, export, field_versions, queries
from apps.audit.commands import ErasePerson, MoveToColdStorage
from apps.audit.filters import RecordFilter
from apps.audit.models import Record
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, Endpoint, ListEndpoint, QueryEndpoint
from apps.kernel.actors import Actor

from .serializers import RecordSerializer, RecordWithDetails, SealSerializer, VersionSerializer


class Records(ListEndpoint):
    """Commands that were done, refused or failed, newest first. Read access is recorded, and listed with `readings`."""

    permission = "audit.view_record"
    queryset = Record.objects.all()
    serializer_class = RecordSerializer
    filterset_class = RecordFilter

    def get(self, request: Request, **server_fields: Any) -> Response:
        response = super().get(request, **server_fields)
        access_log.record_read(cast(Actor, request.user), request.query_params.dict() | server_fields)
        return response


class OneRecord(DetailEndpoint):
    """One command and its outcome."""

    permission = "audit.view_record"
    queryset = Record.objects.all()
    serializer_class = RecordWithDetails
    lookup_url_kwarg = "record_id"

    def get(self, request: Request, **server_fields: Any) -> Response:
        response = super().get(request, **server_fields)
        access_log.record_read(cast(Actor, request.user), server_fields, view="record")
        return response


class HistoryOfObject(Records):
    """Commands that changed one object, newest first."""

    def get_queryset(self) -> QuerySet[Record]:
        return queries.history_of_object(self.kwargs["subject_type"], self.kwargs["subject_id"])


class HistoryOfPerson(Records):
    """Commands of one person, newest first."""

    def get_queryset(self) -> QuerySet[Record]:
        return queries.history_of_person(self.kwargs["user_id"])


class VersionsOfObject(QueryEndpoint):
    """The newest 200 versions of one row of master data, newest first, with the fields that each version changed."""

    permission = "audit.view_record"
    serializer_class = VersionSerializer
    many = True

    def get(self, request: Request, **server_fields: Any) -> Response:
        response = super().get(request, **server_fields)
        access_log.record_read(cast(Actor, request.user), server_fields, view="history")
        return response

    def run_query(self, query: None, **server_fields: Any) -> Any:
        return field_versions.versions_of_object(server_fields["subject_type"], server_fields["subject_id"])


class Export(Endpoint):
    """The audit log as a file, through the same filters: CSV by default, JSON lines with `form=jsonl`."""

    permission = "audit.view_record"

    def understood(self, method: str) -> set[str]:
        return {"form", *RecordFilter.base_filters}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The response is a file, whatever the Accept header."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        parameters=[OpenApiParameter("form", enum=[*export.FORMS], default="csv")],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, "application/x-ndjson"): OpenApiTypes.STR},
    )
    def get(self, request: Request, **server_fields: Any) -> StreamingHttpResponse:
        filters = request.query_params.dict()
        form = filters.pop("form", "csv")
        chosen = RecordFilter(filters, queryset=Record.objects.order_by("id"))
        _must_be_understood(form, chosen)
        access_log.record_export(cast(Actor, request.user), filters, form=form)
        return StreamingHttpResponse(
            export.FORMS[form](chosen.qs),
            content_type=export.TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="audit-log.{form}"'},
        )


def _must_be_understood(form: str, chosen: RecordFilter) -> None:
    if form not in export.FORMS:
        raise ValidationError({"form": [f"It is one of {', '.join(export.FORMS)}."]})
    if not chosen.is_valid():
        raise ValidationError(chosen.errors)


class Seal(QueryEndpoint):
    """How far the audit log is sealed, and the last verification of it."""

    permission = "audit.view_segment"
    serializer_class = SealSerializer

    def run_query(self, query: None, **server_fields: Any) -> Any:
        return queries.seal()


class MovingToColdStorage(CommandEndpoint):
    """Moves records past their retention to cold storage. `?dry_run=true` reports whether there are any."""

    command, result, status = MoveToColdStorage, None, 204


class ErasingPerson(CommandEndpoint):
    """Erases a person from the audit log."""

    command, result, status = ErasePerson, None, 204
