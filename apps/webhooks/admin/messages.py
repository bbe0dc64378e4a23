"""Messages with their attempts, and the command to send one again."""

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
from apps.console.admin import CommandPage, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.lists.bulk import BulkCommand
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.kernel.notation.shown import shown_instant
from apps.webhooks import queries
from apps.webhooks.commands import MANAGE_ENDPOINTS, ResendMessage
from apps.webhooks.models import Attempt, Message

VIEW = "webhooks.view_message"


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ("at", "outcome", "took", "response_text")
    readonly_fields = fields
    verbose_name_plural = _("attempts")

    @display(description=_("Outcome"))
    def outcome(self, attempt: Attempt) -> str:
        return str(attempt)

    @admin.display(description=_("Response (first 2 KB)"))
    def response_text(self, attempt: Attempt) -> str:
        return (
            format_html('<pre class="console-json">{}</pre>', attempt.response_body)
            if attempt.response_body
            else "—"
        )


@admin.register(Message, site=tenant_site)
class MessageAdmin(ReadOnlyAdmin):
    """Messages, newest first."""

    created_by = "events to which endpoints subscribe"
    bulk = (
        BulkCommand(
            name="resend_messages",
            title=_("Send again"),
            command=ResendMessage,
            build=lambda message, _: ResendMessage(message_id=message.pk),
            sentence=lambda message: gettext("{message} is sent again.").format(message=message),
        ),
    )
    empty_message = _("Messages to your endpoints appear here, with their delivery attempts.")
    list_display = ("type", "endpoint", "state_label", "attempts", "due", "created_at", "finished_at")
    list_filter = ("state", "created_at", "type", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("ref", "correlation_id")
    search_help_text = _("Id of the message, or correlation id")
    ordering = ("-id",)
    inlines = (AttemptInline,)
    fields = (
        "endpoint",
        "ref",
        ("type", "event_id", "state_label"),
        "correlation_id",
        ("created_at", "due", "finished_at"),
        "last_error",
        "body_text",
    )
    readonly_fields = ("state_label", "due", "body_text")

    @display(
        description=_("State"),
        label=Colours(
            {
                Message.State.DELIVERED: "success",
                Message.State.PENDING: "info",
                Message.State.DEAD: "danger",
            }
        ),
    )
    def state_label(self, message: Message) -> str:
        return message.get_state_display()

    @display(description=_("Next attempt"), ordering="next_at")
    def due(self, message: Message) -> str:
        return (
            shown_instant(message.next_at, seconds=True)
            if message.state == Message.State.PENDING and message.next_at
            else "—"
        )

    @admin.display(description=_("Body"))
    def body_text(self, message: Message) -> str:
        body = json.dumps(json.loads(message.body), indent=1, ensure_ascii=False)
        return format_html('<pre class="console-json">{}</pre>', body)

    def links(self, request: HttpRequest, obj: Message) -> Sequence[Link]:
        return (
            Link(gettext("Send again"), reverse("admin:resend_webhook_message", args=[obj.pk]), "replay"),
        )


class Resend(CommandPage):
    command = ResendMessage

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        message = Message.objects.select_related("endpoint").filter(pk=server_fields["message_id"]).first()
        if message is None:
            raise Http404
        last = message.tries.last()
        return (
            (gettext("Message"), str(message)),
            (gettext("Endpoint"), str(message.endpoint)),
            (
                gettext("State"),
                gettext("{state} after {attempts} attempts").format(
                    state=message.get_state_display(), attempts=message.attempts
                ),
            ),
            (gettext("Last outcome"), str(last) if last else "—"),
        )

    def sentence(self, result: Message) -> str:
        return gettext("The message is being sent again. Reload this page for the outcome.")

    def success_url(self, result: Message) -> str:
        return reverse("admin:webhooks_message_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Webhooks"),
        title=_("Messages"),
        icon="outbox",
        url="admin:webhooks_message_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="webhooks/messages/<int:message_id>/resend/",
        name="resend_webhook_message",
        title=_("Send a message again"),
        permission=MANAGE_ENDPOINTS,
        view=Resend(),
    ),
    hooks.Figure(
        title=_("Webhooks waiting"),
        permission=VIEW,
        icon="outbox",
        read=lambda: hooks.Reading(
            queries.waiting_messages(),
            gettext("{dead_messages:,} dead").format(dead_messages=queries.dead_messages()),
        ),
        link="admin:webhooks_message_changelist",
        query="?state__exact=pending",
    ),
)
