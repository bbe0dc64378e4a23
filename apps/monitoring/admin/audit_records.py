"""The list of audit records and the page of one, in both consoles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import access_log, queries
from apps.audit.models import Record, RecordQuerySet
from apps.audit.values import shown
from apps.console import hooks, list_filters
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.kernel.actors import Actor
from apps.kernel.notation.shown import shown_instant

VIEW_PERMISSION = "audit.view_record"
VIEW_INTEGRITY_PERMISSION = "audit.view_segment"
MANAGE_RETENTION_PERMISSION = "audit.manage_retention"
ERASE_PERMISSION = "audit.erase_person"
LIST = "audit_record_changelist"
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

    rows_name = _("audit records")
    created_by = "commands"
    without_csv = "the export of the audit log records who read it"
    empty_message = _("Commands that ran, were refused or failed appear here, with actor, time and reason.")
    list_display = ("at", "action", "outcome_label", "actor_name", "reason")
    list_display_links = ("at", "action")
    list_filter = ("outcome", "command", "retention", "at")
    lookups = ("subject_type", "subject_id", "impersonator_name", "retention__exact")
    search = queries.RECORDS
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
        is_selected = not request.GET.keys().isdisjoint({"retention", "retention__exact"})
        return records.without_readings() if is_list and not is_selected else records

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        query = urlencode(_filters_of_export(request))
        job = reverse("admin:export_audit_log")
        return [
            Link(gettext("Export CSV"), f"{reverse('admin:audit_export')}?{query}", "download"),
            Link(gettext("Export as a job"), f"{job}?{query}", "pending_actions"),
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
        filters = {name: ", ".join(values) for name, values in request.GET.lists()}
        access_log.record_read(_reader(request), filters)
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
                if (obj.actor_id or 0) > 0
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
            gettext("Sealed in {segment}, {sealed_at}").format(
                segment=segment, sealed_at=shown_instant(segment.sealed_at)
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
            (change["field"], shown(change["before"]), shown(change["after"]), change["object"])
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


EXPORTED = {
    "q": "text",
    "outcome__exact": "outcome",
    "retention__exact": "retention",
    "at__gte": "since",
    "at__lt": "until",
} | {name: name for name in ("command", "retention", "subject_type", "subject_id", "impersonator_name")}
"""The filters of the list, as the export of the audit log calls them."""


def _filters_of_export(request: HttpRequest) -> list[tuple[str, str]]:
    """The same rows as in the list. The export refuses filters that it does not support, and repeated ones."""
    return [
        (EXPORTED.get(name, name), value)
        for name, values in request.GET.lists()
        if name in EXPORTED or name not in list_filters.NOT_FILTERS
        for value in values
        if value
    ]


def _links(request: HttpRequest, *links: tuple[str, str, str, str]) -> list[Link]:
    return [
        Link(title, reverse(f"admin:{name}"), icon)
        for name, title, icon, permission in links
        if request.user.has_perm(permission)
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
    )
