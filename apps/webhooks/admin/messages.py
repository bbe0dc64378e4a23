"""Messages with their attempts, and the command to send one again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.console import hooks
from apps.console.admin import CommandPage, Link, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.sites import tenant_site
from apps.webhooks import queries
from apps.webhooks.commands import MANAGE_ENDPOINTS, ResendMessage
from apps.webhooks.models import Attempt, Message

VIEW = "webhooks.view_message"


class AttemptInline(ReadOnlyInline):
    model = Attempt
    fields = ("at", "outcome", "took", "response_text")
    readonly_fields = fields
    verbose_name_plural = "attempts"

    @display(description="Outcome")
    def outcome(self, attempt: Attempt) -> str:
        return str(attempt)

    @admin.display(description="Response (first 2 KB)")
    def response_text(self, attempt: Attempt) -> str:
        return (
            format_html('<pre class="console-json">{}</pre>', attempt.response_body)
            if attempt.response_body
            else "—"
        )


@admin.register(Message, site=tenant_site)
class MessageAdmin(ReadOnlyAdmin):
    """Messages, newest first."""

    empty_message = _("Messages to your endpoints appear here, with their delivery attempts.")
    list_display = ("type", "endpoint", "state_label", "attempts", "due", "created_at", "finished_at")
    list_filter = ("state", "type", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("ref", "correlation_id")
    search_help_text = "Id of the message, or correlation id"
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

    @display(description="State", label={"Delivered": "success", "Pending": "info", "Dead": "danger"})
    def state_label(self, message: Message) -> str:
        return message.get_state_display()

    @display(description="Next attempt", ordering="next_at")
    def due(self, message: Message) -> str:
        return f"{message.next_at:%d %b %Y, %H:%M:%S}" if message.state == Message.State.PENDING else "—"

    @admin.display(description="Body")
    def body_text(self, message: Message) -> str:
        body = json.dumps(json.loads(message.body), indent=1, ensure_ascii=False)
        return format_html('<pre class="console-json">{}</pre>', body)

    def links(self, request: HttpRequest, obj: Message) -> Sequence[Link]:
        return (Link("Send again", reverse("admin:resend_webhook_message", args=[obj.pk]), "replay"),)


class Resend(CommandPage):
    command = ResendMessage

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        message = Message.objects.select_related("endpoint").filter(pk=server_fields["message_id"]).first()
        if message is None:
            raise Http404
        last = message.tries.last()
        return (
            ("Message", str(message)),
            ("Endpoint", str(message.endpoint)),
            ("State", f"{message.get_state_display()} after {message.attempts} attempts"),
            ("Last outcome", str(last) if last else "—"),
        )

    def sentence(self, result: Message) -> str:
        return "The message is being sent again. Reload this page for the outcome."

    def success_url(self, result: Message) -> str:
        return reverse("admin:webhooks_message_change", args=[result.pk])


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group="Webhooks",
        title="Messages",
        icon="outbox",
        url="admin:webhooks_message_changelist",
        permission=VIEW,
    ),
    hooks.Page(
        path="webhooks/messages/<int:message_id>/resend/",
        name="resend_webhook_message",
        title="Send a message again",
        permission=MANAGE_ENDPOINTS,
        view=Resend(),
    ),
    hooks.Figure(
        title="Webhooks waiting",
        permission=VIEW,
        icon="outbox",
        value=lambda: f"{queries.waiting_messages():,}",
        note=lambda: f"{queries.dead_messages():,} dead",
        link="admin:webhooks_message_changelist",
    ),
)
