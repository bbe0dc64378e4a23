"""The audit log, in both consoles. Audit stands below this floor, so its pages stand here."""

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
from unfold.decorators import display

from apps.audit import export, queries, reading
from apps.audit.commands import ArchiveAuditLog, ErasePerson
from apps.audit.filters import RecordFilter
from apps.audit.models import Record, Segment
from apps.kernel.actors import Actor
from apps.kernel.clock import today

from . import hooks
from .admin import CommandPage, Link, ReadOnlyAdmin, ServerFields
from .sites import operator_site, tenant_site
from .widgets import Form, reason

MAY, SEALED, KEEPS, ERASES = (
    "audit.view_record",
    "audit.view_segment",
    "audit.manage_retention",
    "audit.erase_person",
)
LIST = "audit_record_changelist"
SHOWN = 200
OUTCOMES = {"Done": "success", "Asked again": "info", "Refused": "warning", "Failed": "danger"}


@admin.register(Record, site=tenant_site)
@admin.register(Record, site=operator_site)
class RecordAdmin(ReadOnlyAdmin):
    """What was done, refused and failed: by whom, when and why."""

    list_display = ("at", "said", "shown_outcome", "actor_name", "reason")
    list_display_links = ("at", "said")
    list_filter = ("outcome", "command", "retention", "at")
    search_fields = ("sentence", "actor_name", "real_actor_name", "reason", "correlation_id")
    ordering = ("-id",)
    readonly_fields = ("said", "sealed", "shown_changes", "shown_refusals", "shown_request", "together")
    fieldsets = (
        (None, {"fields": ("said", "at", "outcome", "actor_name", "real_actor_name", "reason", "sealed")}),
        ("What changed", {"fields": ("shown_changes", "shown_refusals")}),
        ("Where it came from", {"fields": ("command", "shown_request", "together", "causation_id")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        """The list leaves out who only looked, unless they are asked for."""
        records: QuerySet[Record] = super().get_queryset(request)
        is_list = request.resolver_match is not None and request.resolver_match.url_name == LIST
        return records.doings() if is_list and "retention__exact" not in request.GET else records  # type: ignore[attr-defined]

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        chosen = urlencode({"text": request.GET["q"]}) if request.GET.get("q") else ""
        return [
            Link("Take away as CSV", f"{reverse('admin:audit_export')}?{chosen}", "download"),
            *_links(request, ("audit_seal", "Seal", "verified", SEALED)),
            *_links(request, ("archive_audit_log", "Archive", "inventory_2", KEEPS)),
            *_links(request, ("erase_person", "Erase a person", "person_off", ERASES)),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        reading.looked(_reader(request), request.GET.dict())
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        reading.looked(_reader(request), {"record": object_id})
        return super().change_view(request, object_id, form_url, extra_context)

    def links(self, request: HttpRequest, obj: Record) -> Sequence[Link]:
        thing = (obj.subject_type, obj.subject_id)
        return [
            *(
                [Link("Timeline of the thing", reverse("admin:audit_timeline", args=thing), "timeline")]
                if all(thing)
                else []
            ),
            *(
                [
                    Link(
                        "What this person did",
                        reverse("admin:audit_person", args=[obj.actor_id]),
                        "person_search",
                    )
                ]
                if obj.actor_id
                else []
            ),
        ]

    @display(description="What happened", ordering="sentence")
    def said(self, record: Record) -> str:
        return _said(record)

    @admin.display(description="Seal")
    def sealed(self, record: Record) -> str:
        segment = queries.segment_of(record)
        return f"Sealed in {segment}, {segment.sealed_at:%d %b %Y %H:%M}" if segment else "Waits for its seal"

    @display(description="Outcome", label=OUTCOMES)
    def shown_outcome(self, record: Record) -> str:
        return record.get_outcome_display()

    @admin.display(description="Fields")
    def shown_changes(self, record: Record) -> str:
        if record.what_salt is None:
            return "Erased."
        if not record.changes:
            return "No field of an existing row was changed."
        rows = [
            (change["field"], change["before"], change["after"], change["object"])
            for change in record.changes
        ]
        return format_html(
            '<table class="console-table"><thead><tr><th>Field</th><th>Before</th><th>After</th><th>Of</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="Why not")
    def shown_refusals(self, record: Record) -> str:
        if record.what_salt is None:
            return "Erased."
        rows = [(refusal["detail"], refusal["code"]) for refusal in record.refusals]
        return format_html_join("", "<p>{} <code>{}</code></p>", rows) or "—"

    @admin.display(description="What was asked")
    def shown_request(self, record: Record) -> str:
        if record.what_salt is None:
            return "Erased."
        return format_html(
            '<pre class="console-json">{}</pre>', json.dumps(record.request, indent=1, ensure_ascii=False)
        )

    @admin.display(description="Correlation id")
    def together(self, record: Record) -> str:
        story = f"{reverse('admin:trace')}?id={record.correlation_id}"
        url = f"{reverse('admin:audit_record_changelist')}?q={record.correlation_id}"
        return format_html(
            '{} · <a href="{}">the life story of the request</a> · <a href="{}">its rows of the audit log</a>',
            *(record.correlation_id, story, url),
        )


def _said(record: Record) -> str:
    return record.sentence if record.who_salt else f"{record.title} (who and why is erased)"


def _reader(request: HttpRequest) -> Actor:
    return cast(Actor, request.user)


def _links(request: HttpRequest, *wanted: tuple[str, str, str, str]) -> list[Link]:
    return [
        Link(title, reverse(f"admin:{name}"), icon)
        for name, title, icon, permission in wanted
        if request.user.has_perm(permission)
    ]


def take_away(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """The audit log as a CSV file, through the list's words."""
    asked = {name: value for name, value in request.GET.items() if name in RecordFilter.base_filters}
    chosen = RecordFilter(asked, queryset=Record.objects.doings().order_by("id"))
    reading.took_away(_reader(request), asked, form="csv")
    return StreamingHttpResponse(
        export.as_csv(chosen.qs),
        content_type=export.TYPES["csv"],
        headers={"Content-Disposition": 'attachment; filename="audit-log.csv"'},
    )


def timeline_of_thing(
    request: HttpRequest, *, context: dict[str, Any], subject_type: str, subject_id: str
) -> HttpResponseBase:
    """What was done to one thing, in words."""
    reading.looked(_reader(request), {"thing": f"{subject_type}:{subject_id}"}, at="a timeline")
    name = subject_type.rpartition(".")[2].replace("_", " ")
    lead = f"What was done to {name} {subject_id}, newest first."
    return _timeline(request, context, lead, queries.timeline_of(subject_type, subject_id))


def timeline_of_person(request: HttpRequest, *, context: dict[str, Any], user_id: int) -> HttpResponseBase:
    """What one person did, in words."""
    reading.looked(_reader(request), {"person": user_id}, at="a timeline")
    lead = f"What the person with the number {user_id} did, newest first."
    return _timeline(request, context, lead, queries.timeline_of_person(user_id))


def _timeline(
    request: HttpRequest, context: dict[str, Any], lead: str, records: QuerySet[Record]
) -> HttpResponseBase:
    found = list(records[: SHOWN + 1])
    told = [
        {"record": each, "said": _said(each), "changes": queries.described_changes(each)}
        for each in found[:SHOWN]
    ]
    shown = {"lead": lead, "told": told, "more": len(found) > SHOWN}
    return TemplateResponse(request, "console/audit_timeline.html", context | shown)


def seal(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    shown = {
        "seal": queries.seal(),
        "looked": queries.last_verification(),
        "segments": Segment.objects.order_by("-number")[:20],
    }
    return TemplateResponse(request, "console/seal.html", context | shown)


class Before(Form):
    before = forms.DateField(label="Written before", initial=today, help_text="Each class keeps its years.")
    reason = reason()


class Archive(CommandPage):
    """What is past its time goes to the object store, and stays provable."""

    command = ArchiveAuditLog
    form = Before
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        due = queries.due_for_archive(form.cleaned_data["before"])
        return [
            (
                each.retention.capitalize(),
                f"{each.records:,} records in {each.segments:,} segments, kept {each.years} years",
            )
            for each in due
        ] or [("Archived", "Nothing is past its time.")]

    def sentence(self, result: Any) -> str:
        return f"Archived: {result}."

    def success_url(self, result: Any) -> str:
        return "admin:audit_seal"


class Whom(Form):
    user_id = forms.IntegerField(label="User number", required=False)
    texts = forms.CharField(
        label="Texts that name the person",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The mail address and the full name, one in a line.",
    )
    reason = reason()

    def clean_texts(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.cleaned_data["texts"].splitlines() if line.strip())


class Erase(CommandPage):
    """Names and what was said of somebody go; the chain stays whole."""

    command = ErasePerson
    form = Whom
    danger = True
    previews = True

    def preview(self, form: forms.Form, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        plan = queries.erasure_plan(form.cleaned_data["user_id"], form.cleaned_data["texts"])
        kept = f"{plan.kept:,}, until {plan.kept_until:%d %B %Y}" if plan.kept_until else "none"
        return [("Would be erased from", plan.size), ("Kept by law", kept)]

    def sentence(self, result: Any) -> str:
        return f"Erased from {result}."

    def success_url(self, result: Any) -> str:
        return f"admin:{LIST}"


def _intact() -> str:
    looked = queries.last_verification()
    return "not looked yet" if looked is None else "intact" if looked.intact else "BROKEN"


def _sealed() -> str:
    now = queries.seal()
    return f"{now.records:,} records sealed, {now.waiting:,} wait"


def _latest() -> list[list[Any]]:
    return [
        [
            f"{record.at:%d %b %H:%M}",
            (record.sentence, reverse("admin:audit_record_change", args=[record.pk])),
        ]
        for record in queries.latest(8)
    ]


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group="Audit & security",
            title="Audit log",
            icon="history",
            url="admin:audit_record_changelist",
            permission=MAY,
        ),
        hooks.Figure(
            title="The audit log is",
            permission=SEALED,
            icon="verified",
            value=_intact,
            note=_sealed,
            link="admin:audit_seal",
        ),
        hooks.Page(
            path="audit/export/", name="audit_export", title="Take away", permission=MAY, view=take_away
        ),
        hooks.Page(
            path="audit/timeline/<str:subject_type>/<str:subject_id>/",
            name="audit_timeline",
            title="Timeline",
            permission=MAY,
            view=timeline_of_thing,
        ),
        hooks.Page(
            path="audit/people/<int:user_id>/",
            name="audit_person",
            title="Timeline of a person",
            permission=MAY,
            view=timeline_of_person,
        ),
        hooks.Page(
            path="audit/seal/", name="audit_seal", title="Seal of the audit log", permission=SEALED, view=seal
        ),
        hooks.Page(
            path="audit/archive/", name="archive_audit_log", title="Archive", permission=KEEPS, view=Archive()
        ),
        hooks.Page(
            path="audit/erase-person/",
            name="erase_person",
            title="Erase a person",
            permission=ERASES,
            view=Erase(),
        ),
        hooks.Table(
            title="Latest in the audit log",
            permission=MAY,
            headers=("When", "What"),
            rows=_latest,
            empty="Nothing has been done yet.",
            link="admin:audit_record_changelist",
        ),
    )
