"""Notification channels: the same pages in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ServerFields
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.notices import queries, transports
from apps.notices.commands import (
    MANAGE_CHANNELS_PERMISSION,
    AddNotificationChannel,
    RemoveNotificationChannel,
    SendTestMessage,
)
from apps.notices.models import Notice, NoticeDelivery, NotificationChannel

from .pages import command_page, page_of


class NotificationChannelAdmin(ReadOnlyAdmin):
    """The chats that receive notices, the kinds they subscribe to, and the last outcome."""

    unfiltered = "a tenant has few of them"
    empty_message = _("The chats and other targets that receive notices appear here.")
    creating_page = "add_notification_channel"
    list_display = ("name", "masked_address", "subscribes", "last_outcome", "tried_at")
    search_fields = ("name", "masked_address")
    ordering = ("name",)
    fields = (
        "name",
        "masked_address",
        "subscribes",
        ("created_at", "removed_at"),
        ("tried_at", "last_outcome"),
    )
    readonly_fields = ("subscribes",)

    @admin.display(description=_("Kinds"))
    def subscribes(self, channel: NotificationChannel) -> str:
        return ", ".join(channel.kinds) or gettext("every kind")

    def links(self, request: HttpRequest, obj: NotificationChannel) -> Sequence[Link]:
        if not obj.is_active or not request.user.has_perm(MANAGE_CHANNELS_PERMISSION):
            return ()
        return (
            Link(
                gettext("Send test message"),
                reverse("admin:send_test_message", args=[obj.pk]),
                "network_ping",
            ),
            Link(gettext("Remove"), reverse("admin:remove_notification_channel", args=[obj.pk]), "delete"),
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        may = request.user.has_perm(MANAGE_CHANNELS_PERMISSION)
        return (
            (
                Link(
                    gettext("Add notification channel"),
                    reverse("admin:add_notification_channel"),
                    "add_comment",
                ),
            )
            if may
            else ()
        )


for site in (operator_site, tenant_site):
    site.register(NotificationChannel, NotificationChannelAdmin)


class NotificationChannelForm(Form):
    name = forms.CharField(max_length=80)
    address = forms.CharField(max_length=2000)
    kinds = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text=_("Select none to receive every kind.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("kinds", [(kind.name, f"{kind}: {kind.description}") for kind in queries.kinds_here()])
        self.fields["address"].help_text = gettext(
            "The webhook link of Slack, Discord, Google Chat or Microsoft Teams, or an address such as"
            " ntfys://ntfy.example.com/topic. It is never shown again. Enabled: {services}."
        ).format(services=", ".join(transports.chat.schemes()))

    def clean_kinds(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["kinds"])


class AddNotificationChannelPage(CommandPage):
    command = AddNotificationChannel
    form = NotificationChannelForm

    def sentence(self, result: NotificationChannel) -> str:
        return gettext(
            "{result} receives notices from now on. Send a test message to check the address."
        ).format(result=result)

    def success_url(self, result: NotificationChannel) -> str:
        return reverse("admin:notices_notificationchannel_change", args=[result.pk])


class NotificationChannelPage(CommandPage):
    """A command on one notification channel."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        channel = NotificationChannel.objects.filter(pk=server_fields["channel_id"]).first()
        if channel is None:
            raise Http404
        waiting = NoticeDelivery.objects.filter(channel=channel, state=NoticeDelivery.State.WAITING).count()
        text = ngettext("{waiting:,} notice", "{waiting:,} notices", waiting)
        return (
            (gettext("Channel"), f"{channel}, {channel.masked_address}"),
            (gettext("Waiting"), text.format(waiting=waiting)),
        )


class SendTestMessagePage(NotificationChannelPage):
    command = SendTestMessage

    def sentence(self, result: Notice) -> str:
        return gettext("The test message is queued. Reload this page to see the outcome.")

    def success_url(self, result: Notice) -> str:
        return page_of(result)


class RemoveNotificationChannelPage(NotificationChannelPage):
    command = RemoveNotificationChannel
    form = ReasonForm
    danger = True

    def success_url(self, result: NotificationChannel) -> str:
        return reverse("admin:notices_notificationchannel_changelist")


for plane in hooks.PLANES:
    hooks.plug(
        plane,
        command_page(
            "channels/add/",
            "add_notification_channel",
            _("Add notification channel"),
            AddNotificationChannelPage(),
        ),
        command_page(
            "channels/<int:channel_id>/send-test-message/",
            "send_test_message",
            _("Send test message"),
            SendTestMessagePage(),
        ),
        command_page(
            "channels/<int:channel_id>/remove/",
            "remove_notification_channel",
            _("Remove notification channel"),
            RemoveNotificationChannelPage(),
        ),
    )
