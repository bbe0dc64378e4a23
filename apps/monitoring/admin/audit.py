"""Pages of the audit log, in both consoles. Here, because `audit` lies below `console`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import access_log, export, queries
from apps.audit.commands import ErasePerson, MoveToColdStorage
from apps.audit.erasure_plan import erasure_plan
from apps.audit.filters import RecordFilter
from apps.audit.models import Record, RecordQuerySet, Segment
from apps.console import hooks
from apps.console.admin import CommandPage, Link, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, reason
from apps.kernel.actors import Actor
from apps.kernel.clock import today

VIEW_PERMISSION = "audit.view_record"
VIEW_INTEGRITY_PERMISSION = "audit.view_segment"
MANAGE_RETENTION_PERMISSION = "audit.manage_retention"
ERASE_PERMISSION = "audit.erase_person"
LIST = "audit_record_changelist"
MAX_RECORDS_SHOWN = 200
CHANGES_HEADERS = ((_("Field"),), (_("Before"),), (_("After"),), (_("Of"),))
OUTCOMES = Colours(
    {
        Record.Outcome.DONE: "success",
        Record.Outcome.REPEATED: "info",
        Record.Outcome.REFUSED: "warning",
        Record.Outcome.FAILED: "danger",
    }
)


@admin.register(Record, site=tenant_site)
@admin.register(Record, site=operator_site)
class RecordAdmin(ReadOnlyAdmin):
    """Commands that ran, were refused or failed, with actor, time and reason."""

    empty_message = _("Commands that ran, were refused or failed appear here, with actor, time and reason.")
    list_display = ("at", "action", "outcome_label", "actor_name", "reason")
    list_display_links = ("at", "action")
    list_filter = ("outcome", "command", "retention", "at")
    search_fields = ("sentence", "actor_name", "impersonator_name", "reason", "correlation_id")
    ordering = ("-id",)
    readonly_fields = (
        "action",
        "integrity",
        "changed_fields",
        "refusal_reasons",
        "request_json",
        "correlation",
    )
    fieldsets = (
        (
            None,
            {"fields": ("action", "at", "outcome", "actor_name", "impersonator_name", "reason", "integrity")},
        ),
        (_("Changes"), {"fields": ("changed_fields", "refusal_reasons")}),
        (_("Origin"), {"fields": ("command", "request_json", "correlation", "causation_id")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        """Records of read access are left out of the list unless that retention class is selected."""
        records = cast(RecordQuerySet, super().get_queryset(request))
        is_list = request.resolver_match is not None and request.resolver_match.url_name == LIST
        return records.without_readings() if is_list and "retention__exact" not in request.GET else records

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        query = urlencode({"text": request.GET["q"]}) if request.GET.get("q") else ""
        return [
            Link(gettext("Export CSV"), f"{reverse('admin:audit_export')}?{query}", "download"),
            *_links(
                request, ("audit_integrity", gettext("Integrity"), "verified", VIEW_INTEGRITY_PERMISSION)
            ),
            *_links(
                request,
                (
                    "move_to_cold_storage",
                    gettext("Move to cold storage"),
                    "inventory_2",
                    MANAGE_RETENTION_PERMISSION,
                ),
            ),
            *_links(request, ("erase_person", gettext("Erase a person"), "person_off", ERASE_PERMISSION)),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        access_log.record_read(_reader(request), request.GET.dict())
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        access_log.record_read(_reader(request), {"record": object_id}, view="record")
        return super().change_view(request, object_id, form_url, extra_context)

    def links(self, request: HttpRequest, obj: Record) -> Sequence[Link]:
        subject = (obj.subject_type, obj.subject_id)
        return [
            *(
                [
                    Link(
                        gettext("History of this object"),
                        reverse("admin:audit_history", args=subject),
                        "history",
                    )
                ]
                if all(subject)
                else []
            ),
            *(
                [
                    Link(
                        gettext("Actions of this person"),
                        reverse("admin:audit_person", args=[obj.actor_id]),
                        "person_search",
                    )
                ]
                if obj.actor_id
                else []
            ),
        ]

    @display(description=_("Action"), ordering="sentence")
    def action(self, record: Record) -> str:
        return record.shown_sentence

    @admin.display(description=_("Integrity"))
    def integrity(self, record: Record) -> str:
        segment = queries.segment_of(record)
        return (
            gettext("Sealed in {segment}, {sealed_at:%d %b %Y %H:%M}").format(
                segment=segment, sealed_at=segment.sealed_at
            )
            if segment
            else gettext("Not sealed yet")
        )

    @display(description=_("Outcome"), label=OUTCOMES)
    def outcome_label(self, record: Record) -> str:
        return record.get_outcome_display()

    @admin.display(description=_("Fields"))
    def changed_fields(self, record: Record) -> str:
        if record.content_salt is None:
            return gettext("Erased.")
        if not record.changes:
            return gettext("No field of an existing row was changed.")
        rows = [
            (change["field"], change["before"], change["after"], change["object"])
            for change in record.changes
        ]
        return format_html(
            '<table class="console-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>',
            format_html_join("", "<th>{}</th>", CHANGES_HEADERS),
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description=_("Refusal reason"))
    def refusal_reasons(self, record: Record) -> str:
        if record.content_salt is None:
            return gettext("Erased.")
        rows = [(refusal["detail"], refusal["code"]) for refusal in record.refusals]
        return format_html_join("", "<p>{} <code>{}</code></p>", rows) or "—"

    @admin.display(description=_("Request"))
    def request_json(self, record: Record) -> str:
        if record.content_salt is None:
            return gettext("Erased.")
        return format_html(
            '<pre class="console-json">{}</pre>', json.dumps(record.request, indent=1, ensure_ascii=False)
        )

    @admin.display(description=_("Correlation id"))
    def correlation(self, record: Record) -> str:
        trace = f"{reverse('admin:trace')}?id={record.correlation_id}"
        url = f"{reverse('admin:audit_record_changelist')}?q={record.correlation_id}"
        return format_html(
            gettext('{} · <a href="{}">request trace</a> · <a href="{}">its records in the audit log</a>'),
            *(record.correlation_id, trace, url),
        )


def _reader(request: HttpRequest) -> Actor:
    return cast(Actor, request.user)


def _links(request: HttpRequest, *links: tuple[str, str, str, str]) -> list[Link]:
    return [
        Link(title, reverse(f"admin:{name}"), icon)
        for name, title, icon, permission in links
        if request.user.has_perm(permission)
    ]


def export_csv(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """The audit log as a CSV file, filtered as the list is."""
    criteria = {name: value for name, value in request.GET.items() if name in RecordFilter.base_filters}
    records = RecordFilter(criteria, queryset=Record.objects.without_readings().order_by("id"))
    access_log.record_export(_reader(request), criteria, form="csv")
    return StreamingHttpResponse(
        export.as_csv(records.qs),
        content_type=export.TYPES["csv"],
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"'},
    )


def history_of_object(
    request: HttpRequest, *, context: dict[str, Any], subject_type: str, subject_id: str
) -> HttpResponseBase:
    """All actions on one object, as sentences."""
    access_log.record_read(_reader(request), {"thing": f"{subject_type}:{subject_id}"}, view="history")
    name = subject_type.rpartition(".")[2].replace("_", " ")
    lead = gettext("Actions on {name} {subject_id}, newest first.").format(name=name, subject_id=subject_id)
    return _history(request, context, lead, queries.history_of_object(subject_type, subject_id))


def history_of_person(request: HttpRequest, *, context: dict[str, Any], user_id: int) -> HttpResponseBase:
    """All actions of one person, as sentences."""
    access_log.record_read(_reader(request), {"person": user_id}, view="history")
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


class MoveToColdStorageForm(Form):
    before = forms.DateField(
        label=_("Written before"), initial=today, help_text=_("Each retention class has its own period.")
    )
    reason = reason()


class MoveToColdStoragePage(CommandPage):
    """Moves records past their retention to the object store, where they can still be verified."""

    command = MoveToColdStorage
    form = MoveToColdStorageForm
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        due = queries.due_for_cold_storage(form.cleaned_data["before"])
        return [
            (
                part.retention.capitalize(),
                gettext("{records:,} records in {segments:,} segments, retained for {years} years").format(
                    records=part.records, segments=part.segments, years=part.years
                ),
            )
            for part in due
        ] or [(gettext("To move"), gettext("No record is past its retention."))]

    def sentence(self, result: Any) -> str:
        return gettext("Moved to cold storage: {result}.").format(result=result)

    def success_url(self, result: Any) -> str:
        return "admin:audit_integrity"


class EraseForm(Form):
    user_id = forms.IntegerField(label=_("User number"), required=False)
    texts = forms.CharField(
        label=_("Texts that name the person"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("E-mail address and full name, one per line."),
    )
    reason = reason()

    def clean_texts(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.cleaned_data["texts"].splitlines() if line.strip())


class Erase(CommandPage):
    """Erases a person's names and texts; the hash chain stays valid."""

    command = ErasePerson
    form = EraseForm
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        plan = erasure_plan(form.cleaned_data["user_id"], form.cleaned_data["texts"])
        retained = (
            gettext("{retained:,}, until {retained_until:%d %B %Y}").format(
                retained=plan.retained, retained_until=plan.retained_until
            )
            if plan.retained_until
            else gettext("none")
        )
        return [(gettext("Records to erase"), plan.size), (gettext("Retained by law"), retained)]

    def sentence(self, result: Any) -> str:
        return gettext("Erased from {result}.").format(result=result)

    def success_url(self, result: Any) -> str:
        return f"admin:{LIST}"


def _integrity() -> str:
    verification = queries.last_verification()
    if verification is None:
        return gettext("not verified yet")
    return gettext("verified") if verification.intact else gettext("BROKEN")


def _sealed() -> str:
    seal = queries.seal()
    return gettext("{records:,} records sealed, {waiting:,} not yet").format(
        records=seal.records, waiting=seal.waiting
    )


def _latest() -> list[list[Any]]:
    return [
        [
            f"{record.at:%d %b %H:%M}",
            (record.shown_sentence, reverse("admin:audit_record_change", args=[record.pk])),
        ]
        for record in queries.latest(8)
    ]


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("Audit & security"),
            title=_("Audit log"),
            icon="history",
            url="admin:audit_record_changelist",
            permission=VIEW_PERMISSION,
        ),
        hooks.Figure(
            title=_("Audit log"),
            permission=VIEW_INTEGRITY_PERMISSION,
            icon="verified",
            value=_integrity,
            note=_sealed,
            link="admin:audit_integrity",
        ),
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
        hooks.Page(
            path="audit/move-to-cold-storage/",
            name="move_to_cold_storage",
            title=_("Move to cold storage"),
            permission=MANAGE_RETENTION_PERMISSION,
            view=MoveToColdStoragePage(),
        ),
        hooks.Page(
            path="audit/erase-person/",
            name="erase_person",
            title=_("Erase a person"),
            permission=ERASE_PERMISSION,
            view=Erase(),
        ),
        hooks.Table(
            title=_("Latest in the audit log"),
            permission=VIEW_PERMISSION,
            headers=(_("When"), _("Action")),
            rows=_latest,
            empty=_("Actions of users and of the system appear here."),
            link="admin:audit_record_changelist",
        ),
    )
