"""Received messages with their state, and the command to process one again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.labels import Colours, display
from apps.console.lists.bulk import BulkCommand
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.webhooks.commands import MANAGE_SOURCES, ReprocessReceived
from apps.webhooks.models import Received

VIEW = "webhooks.view_received"
LABELS = Colours(
    {
        Received.State.PROCESSED: "success",
        Received.State.RECEIVED: "info",
        Received.State.IGNORED: "warning",
        Received.State.FAILED: "warning",
        Received.State.DEAD: "danger",
    }
)


@admin.register(Received, site=tenant_site)
class ReceivedAdmin(ReadOnlyAdmin):
    """Received messages, newest first."""

    created_by = "the systems that send webhooks"
    bulk = (
        BulkCommand(
            name="reprocess_received",
            title=_("Process again"),
            command=ReprocessReceived,
            build=lambda received, _: ReprocessReceived(received_id=received.pk),
            sentence=lambda received: gettext("{received} is processed again.").format(received=received),
        ),
    )
    empty_message = _("Webhooks from your sources appear here, with the outcome of their processing.")
    list_display = ("type", "source", "state_label", "attempts", "received_at", "finished_at", "last_error")
    list_filter = ("state", "received_at", "source", "type")
    list_select_related = ("source",)
    search_fields = ("ref", "correlation_id")
    search_help_text = _("The provider's id, or correlation id")
    ordering = ("-id",)
    fields = (
        "type",
        "ref",
        ("source", "state_label", "attempts"),
        "correlation_id",
        ("received_at", "next_at", "finished_at"),
        "last_error",
        "body_text",
        "headers_text",
    )
    readonly_fields = ("state_label", "body_text", "headers_text")

    @display(description=_("State"), label=LABELS)
    def state_label(self, received: Received) -> str:
        return received.get_state_display()

    @admin.display(description=_("Body"))
    def body_text(self, received: Received) -> str:
        return format_html(
            '<pre class="console-json">{}</pre>', bytes(received.body).decode(errors="replace")
        )

    @admin.display(description=_("Headers"))
    def headers_text(self, received: Received) -> str:
        return format_html('<pre class="console-json">{}</pre>', json.dumps(received.headers, indent=1))

    def links(self, request: HttpRequest, obj: Received) -> Sequence[Link]:
        if obj.state == Received.State.PROCESSED:
            return ()
        return (Link(gettext("Process again"), reverse("admin:reprocess_received", args=[obj.pk]), "replay"),)


class Reprocess(CommandPage):
    command = ReprocessReceived

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        received = Received.objects.select_related("source").filter(pk=server_fields["received_id"]).first()
        if received is None:
            raise Http404
        return (
            (gettext("Message"), str(received)),
            (gettext("Source"), str(received.source)),
            (
                gettext("State"),
                gettext("{state} after {attempts} attempts").format(
                    state=received.get_state_display(), attempts=received.attempts
                ),
            ),
            (gettext("Last error"), received.last_error or "—"),
        )

    def sentence(self, result: Received) -> str:
        return gettext("The message is being processed again. Reload this page for the outcome.")

    def success_url(self, result: Received) -> str:
        return reverse("admin:webhooks_received_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Webhooks"),
        title=_("Received"),
        icon="inbox",
        url="admin:webhooks_received_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="webhooks/received/<int:received_id>/reprocess/",
        name="reprocess_received",
        title=_("Process a message again"),
        permission=MANAGE_SOURCES,
        view=Reprocess(),
    ),
)
