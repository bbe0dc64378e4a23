"""Endpoints with their secrets and the outcome of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.bus.edits import Values
from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.edits import EditPage
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.kernel.notation.form_fields import WholeNumberField
from apps.webhooks import queries
from apps.webhooks.commands import (
    MANAGE_ENDPOINTS,
    ChangeEndpoint,
    DisableEndpoint,
    EnableEndpoint,
    RegisterEndpoint,
    RetireSecret,
    RotateSecret,
    SendTestMessage,
)
from apps.webhooks.models import Endpoint, Message, Secret

from .secrets import RetireSecretPage, SecretInline

VIEW = "webhooks.view_endpoint"


class EndpointSecretInline(SecretInline):
    model = Secret
    retire_page = "retire_webhook_secret"


@admin.register(Endpoint, site=tenant_site)
class EndpointAdmin(ReadOnlyAdmin):
    """Endpoints with their state and last outcome."""

    empty_message = _("The URLs of other systems that receive your events appear here.")
    creating_page = "register_webhook_endpoint"
    list_display = (
        "url",
        "description",
        "subscribed_events",
        "state_label",
        "last_outcome",
        "tried_at",
        "waiting",
    )
    list_filter = ("state", "created_at")
    search_fields = ("url", "description")
    ordering = ("id",)
    inlines = (EndpointSecretInline,)
    fields = (
        "url",
        "description",
        ("subscribed_events", "state_label", "disabled_reason"),
        ("tried_at", "last_outcome", "taken_at"),
        ("created_at", "enabled_at", "waiting"),
    )
    readonly_fields = ("subscribed_events", "state_label", "waiting")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Endpoint]:
        endpoints: models.QuerySet[Endpoint] = super().get_queryset(request)
        pending = models.Q(messages__state=Message.State.PENDING)
        return endpoints.annotate(pending=models.Count("messages", filter=pending))

    @admin.display(description=_("Events"))
    def subscribed_events(self, endpoint: Endpoint) -> str:
        return ", ".join(endpoint.events) or gettext("every event")

    @display(
        description=_("State"),
        label=Colours({Endpoint.State.ACTIVE: "success", Endpoint.State.DISABLED: "danger"}),
    )
    def state_label(self, endpoint: Endpoint) -> str:
        return endpoint.get_state_display()

    @admin.display(description=_("Waiting"))
    def waiting(self, endpoint: Endpoint) -> str:
        return f"{endpoint.pending:,}"  # type: ignore[attr-defined]  # annotated above

    def links(self, request: HttpRequest, obj: Endpoint) -> Sequence[Link]:
        messages = f"{reverse('admin:webhooks_message_changelist')}?endpoint__id__exact={obj.pk}"
        switch = (
            (_link(gettext("Disable"), "disable_webhook_endpoint", obj, "block"),)
            if obj.is_active
            else (_link(gettext("Enable"), "enable_webhook_endpoint", obj, "check_circle"),)
        )
        return (
            Link(gettext("Messages"), messages, "outbox"),
            _link(gettext("Send a test message"), "test_webhook_endpoint", obj, "network_ping"),
            _link(gettext("Change"), "change_webhook_endpoint", obj, "edit"),
            _link(gettext("Rotate the secret"), "rotate_webhook_secret", obj, "key"),
            *switch,
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        return (
            Link(gettext("Register an endpoint"), reverse("admin:register_webhook_endpoint"), "add_link"),
        )


def _link(title: str, page: str, endpoint: Endpoint, icon: str) -> Link:
    return Link(title, reverse(f"admin:{page}", args=[endpoint.pk]), icon)


class EndpointForm(Form):
    url = forms.CharField(label="URL", max_length=2000, help_text=_("https, on port 443."))
    description = forms.CharField(max_length=200, required=False)
    events = forms.CharField(widget=forms.Textarea, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = ", ".join(queries.event_names())
        self.fields["events"].help_text = gettext(
            "One per line; empty for every event. Available: {names}."
        ).format(names=names)

    def clean_events(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["events"].replace(",", " ").split())


class EndpointCommand(CommandPage):
    """A command about one endpoint."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        endpoint = _endpoint(server_fields)
        waiting = endpoint.messages.filter(state=Message.State.PENDING).count()
        return (
            (gettext("Endpoint"), endpoint.url),
            (gettext("Events"), ", ".join(endpoint.events) or gettext("every event")),
            (gettext("State"), endpoint.get_state_display()),
            (gettext("Pending"), gettext("{waiting:,} messages").format(waiting=waiting)),
            (gettext("Last outcome"), endpoint.last_outcome or "—"),
        )

    def success_url(self, result: Any) -> str:
        return reverse("admin:webhooks_endpoint_change", args=[result.pk])


class SecretOncePage(EndpointCommand):
    """Shows the new secret in the response, so that it is stored neither in a session nor in the audit log."""

    def done(self, request: HttpRequest, result: Endpoint) -> HttpResponseBase:
        context = tenant_site.each_context(request) | {
            "title": gettext("The secret"),
            "endpoint": result,
            "secret": result.new_secret,
            "success_url": self.success_url(result),
        }
        return TemplateResponse(request, "webhooks/secret_once.html", context)


class Register(SecretOncePage):
    command = RegisterEndpoint
    form = EndpointForm

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        return ()


class Change(EndpointCommand, EditPage):
    command = ChangeEndpoint
    form = EndpointForm

    def initial(self, values: Values) -> Mapping[str, Any]:
        return {**values, "events": "\n".join(values["events"])}

    def entered(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.initial(fields)

    def sentence(self, result: Endpoint) -> str:
        return gettext("The endpoint is changed.")


class OverlapForm(Form):
    overlap_hours = WholeNumberField(
        label=_("Hours until the old secret ends"), initial=24, min_value=0, max_value=720
    )


class Rotate(SecretOncePage):
    command = RotateSecret
    form = OverlapForm


class Disable(EndpointCommand):
    command = DisableEndpoint
    form = ReasonForm
    danger = True

    def sentence(self, result: Endpoint) -> str:
        return gettext("The endpoint is disabled.")


class Enable(EndpointCommand):
    command = EnableEndpoint

    def sentence(self, result: Endpoint) -> str:
        return gettext("The endpoint is enabled.")


class Test(EndpointCommand):
    command = SendTestMessage

    def sentence(self, result: Message) -> str:
        return gettext("The test message is being sent. Reload this page for the outcome.")

    def success_url(self, result: Message) -> str:
        return reverse("admin:webhooks_message_change", args=[result.pk])


class Retire(RetireSecretPage):
    command = RetireSecret
    model = Secret


def _endpoint(server_fields: ServerFields) -> Endpoint:
    endpoint = Endpoint.objects.filter(pk=server_fields["endpoint_id"]).first()
    if endpoint is None:
        raise Http404
    return endpoint


def _page(path: str, name: str, view: CommandPage, title: str | Promise = "") -> hooks.Page:
    command: type[Command] = view.command
    return hooks.Page(
        path=f"webhooks/{path}",
        name=name,
        title=title or command.lazy_title(),
        permission=MANAGE_ENDPOINTS,
        view=view,
    )


hooks.plug(
    "tenant",
    hooks.MenuItem(
        group=_("Webhooks"),
        title=_("Endpoints"),
        icon="webhook",
        url="admin:webhooks_endpoint_changelist",
        permission=VIEW,
    ),
    _page("endpoints/register/", "register_webhook_endpoint", Register(), _("Register an endpoint")),
    _page("endpoints/<int:endpoint_id>/change/", "change_webhook_endpoint", Change()),
    _page("endpoints/<int:endpoint_id>/rotate-secret/", "rotate_webhook_secret", Rotate()),
    _page("endpoints/<int:endpoint_id>/disable/", "disable_webhook_endpoint", Disable()),
    _page("endpoints/<int:endpoint_id>/enable/", "enable_webhook_endpoint", Enable()),
    _page("endpoints/<int:endpoint_id>/test/", "test_webhook_endpoint", Test()),
    _page("secrets/<int:secret_id>/retire/", "retire_webhook_secret", Retire()),
)
