"""The audit trail, in both consoles. Audit stands below this floor, so its pages stand here."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from apps.audit import queries
from apps.audit.models import Record

from . import hooks
from .admin import ReadOnlyAdmin
from .sites import operator_site, tenant_site

MAY = "audit.view_record"


@admin.register(Record, site=tenant_site)
@admin.register(Record, site=operator_site)
class RecordAdmin(ReadOnlyAdmin):
    """What was done, refused and failed: by whom, when and why."""

    list_display = ("at", "said", "shown_outcome", "actor_name", "reason")
    list_display_links = ("at", "said")
    list_filter = ("outcome", "command", "at")
    search_fields = ("sentence", "actor_name", "reason", "correlation_id")
    ordering = ("-id",)
    readonly_fields = ("shown_changes", "shown_refusals", "shown_request", "together")
    fieldsets = (
        (None, {"fields": ("sentence", "at", "outcome", "actor_name", "real_actor_name", "reason")}),
        ("What changed", {"fields": ("shown_changes", "shown_refusals")}),
        ("Where it came from", {"fields": ("command", "shown_request", "together", "causation_id")}),
    )

    @display(description="What happened", ordering="sentence")
    def said(self, record: Record) -> str:
        return record.sentence

    @display(description="Outcome", label={"Done": "success", "Refused": "warning", "Failed": "danger"})
    def shown_outcome(self, record: Record) -> str:
        return record.get_outcome_display()

    @admin.display(description="Fields")
    def shown_changes(self, record: Record) -> str:
        if not record.changes:
            return "No field of an existing row was changed."
        rows = [(each["field"], each["before"], each["after"], each["object"]) for each in record.changes]
        return format_html(
            '<table class="console-table"><thead><tr><th>Field</th><th>Before</th><th>After</th><th>Of</th></tr>'
            "</thead><tbody>{}</tbody></table>",
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="Why not")
    def shown_refusals(self, record: Record) -> str:
        rows = [(each["detail"], each["code"]) for each in record.refusals]
        return format_html_join("", "<p>{} <code>{}</code></p>", rows) or "—"

    @admin.display(description="What was asked")
    def shown_request(self, record: Record) -> str:
        return format_html(
            '<pre class="console-json">{}</pre>', json.dumps(record.request, indent=1, ensure_ascii=False)
        )

    @admin.display(description="Correlation id")
    def together(self, record: Record) -> str:
        story = f"{reverse('admin:trace')}?id={record.correlation_id}"
        url = f"{reverse('admin:audit_record_changelist')}?q={record.correlation_id}"
        return format_html(
            '{} · <a href="{}">the life story of the request</a> · <a href="{}">its rows of the trail</a>',
            *(record.correlation_id, story, url),
        )


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
            group="Trust",
            title="Audit trail",
            icon="history",
            url="admin:audit_record_changelist",
            permission=MAY,
        ),
        hooks.Table(
            title="Latest in the audit trail",
            permission=MAY,
            headers=("When", "What"),
            rows=_latest,
            empty="Nothing has been done yet.",
            link="admin:audit_record_changelist",
        ),
    )
