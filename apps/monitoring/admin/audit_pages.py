"""Export, histories and integrity of the audit log, in both consoles."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import access_log, export, queries
from apps.audit.filters import RecordFilter
from apps.audit.models import Record, Segment
from apps.console import hooks
from apps.console.errors import FilterMalformed, FilterRepeated, FilterUnknown
from apps.kernel.actors import Actor

VIEW_PERMISSION = "audit.view_record"
VIEW_INTEGRITY_PERMISSION = "audit.view_segment"
MAX_RECORDS_SHOWN = 200


def criteria_of(request: HttpRequest) -> dict[str, str]:
    """The filters of an export. Raises FilterUnknown, FilterRepeated for what an export does not support."""
    for name, values in request.GET.lists():
        if name not in RecordFilter.base_filters:
            raise FilterUnknown(name=name)
        if len(values) > 1:
            raise FilterRepeated(name=name)
    return request.GET.dict()


def export_csv(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """The audit log as a CSV file, filtered as the list is."""
    criteria = criteria_of(request)
    records = RecordFilter(criteria, queryset=Record.objects.without_readings().order_by("id"))
    if not records.is_valid():
        raise FilterMalformed
    access_log.record_export(cast(Actor, request.user), criteria, form="csv")
    return StreamingHttpResponse(
        export.as_csv(records.qs),
        content_type=export.TYPES["csv"],
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"'},
    )


def history_of_object(
    request: HttpRequest, *, context: dict[str, Any], subject_type: str, subject_id: str
) -> HttpResponseBase:
    """All actions on one object, as sentences."""
    access_log.record_read(
        cast(Actor, request.user), {"thing": f"{subject_type}:{subject_id}"}, view="history"
    )
    name = subject_type.rpartition(".")[2].replace("_", " ")
    lead = gettext("Actions on {name} {subject_id}, newest first.").format(name=name, subject_id=subject_id)
    return _history(request, context, lead, queries.history_of_object(subject_type, subject_id))


def history_of_person(request: HttpRequest, *, context: dict[str, Any], user_id: int) -> HttpResponseBase:
    """All actions of one person, as sentences."""
    access_log.record_read(cast(Actor, request.user), {"person": user_id}, view="history")
    lead = gettext("Actions of user {user_id}, newest first.").format(user_id=user_id)
    return _history(request, context, lead, queries.history_of_person(user_id))


def _history(
    request: HttpRequest, context: dict[str, Any], lead: str, records: QuerySet[Record]
) -> HttpResponseBase:
    newest = list(records[: MAX_RECORDS_SHOWN + 1])
    rows = [
        {"record": record, "sentence": record.shown_sentence, "changes": queries.described_changes(record)}
        for record in newest[:MAX_RECORDS_SHOWN]
    ]
    page = {"lead": lead, "rows": rows, "more": len(newest) > MAX_RECORDS_SHOWN}
    return TemplateResponse(request, "monitoring/audit_history.html", context | page)


def integrity(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    page = {
        "seal": queries.seal(),
        "verification": queries.last_verification(),
        "segments": Segment.objects.order_by("-number")[:20],
    }
    return TemplateResponse(request, "monitoring/integrity.html", context | page)


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="audit/export/",
            name="audit_export",
            title=_("Export"),
            permission=VIEW_PERMISSION,
            view=export_csv,
        ),
        hooks.Page(
            path="audit/history/<str:subject_type>/<str:subject_id>/",
            name="audit_history",
            title=_("History"),
            permission=VIEW_PERMISSION,
            view=history_of_object,
        ),
        hooks.Page(
            path="audit/people/<int:user_id>/",
            name="audit_person",
            title=_("Actions of a person"),
            permission=VIEW_PERMISSION,
            view=history_of_person,
        ),
        hooks.Page(
            path="audit/integrity/",
            name="audit_integrity",
            title=_("Integrity of the audit log"),
            permission=VIEW_INTEGRITY_PERMISSION,
            view=integrity,
        ),
    )
