"""Notices and their deliveries: the same pages in both consoles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, Q
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form
from apps.kernel.notation.shown import shown_instant
from apps.notices import queries
from apps.notices.commands import (
    SEND_PERMISSION,
    ResendNoticeDelivery,
    SendAnnouncement,
)
from apps.notices.models import Notice, NoticeDelivery

from .pages import command_page, page_of

LABELS = Colours(
    {
        NoticeDelivery.State.SENT: "success",
        NoticeDelivery.State.WAITING: "info",
        NoticeDelivery.State.FAILED: "danger",
    }
)


class NoticeDeliveryInline(ReadOnlyInline):
    model = NoticeDelivery
    fields = (
        "recipient",
        "transport",
        "state_label",
        "attempts",
        "next_attempt",
        "last_error",
        "finished_at",
        "resend",
    )
    readonly_fields = fields
    verbose_name_plural = _("deliveries")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[NoticeDelivery]:
        deliveries: models.QuerySet[NoticeDelivery] = super().get_queryset(request)
        return deliveries.select_related("channel").order_by("id")

    @admin.display(description=_("To"))
    def recipient(self, delivery: NoticeDelivery) -> str:
        return delivery.recipient

    @display(description=_("State"), label=LABELS)
    def state_label(self, delivery: NoticeDelivery) -> str:
        return delivery.get_state_display()

    @admin.display(description=_("Next attempt"))
    def next_attempt(self, delivery: NoticeDelivery) -> str:
        return (
            shown_instant(delivery.next_at, seconds=True)
            if delivery.state == NoticeDelivery.State.WAITING and delivery.next_at
            else "—"
        )

    @admin.display(description=_("Action"))
    def resend(self, delivery: NoticeDelivery) -> str:
        return format_html(
            '<a class="underline" href="{}">{}</a>',
            reverse("admin:resend_notice_delivery", args=[delivery.pk]),
            gettext("Resend"),
        )


class NoticeAdmin(ReadOnlyAdmin):
    """The notices that were sent, newest first."""

    empty_message = _("Notices to people appear here, with their deliveries.")
    creating_page = "send_announcement"
    list_display = ("subject", "kind", "sent", "waiting", "failed", "created_at")
    list_filter = ("kind", "created_at")
    lookups = ("deliveries__state__exact",)
    search_fields = ("subject", "correlation_id", "deliveries__address")
    search_help_text = _("Subject, address, or correlation id")
    ordering = ("-id",)
    inlines = (NoticeDeliveryInline,)
    fields = ("subject", ("kind", "created_at"), "addressed_to", "text_as_written", "correlation_id")
    readonly_fields = ("addressed_to", "text_as_written")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Notice]:
        notices: models.QuerySet[Notice] = super().get_queryset(request)
        counts = {
            state: Count("deliveries", filter=Q(deliveries__state=state), distinct=True)
            for state in NoticeDelivery.State.values
        }
        return notices.annotate(**{f"n_{state}": count for state, count in counts.items()})

    @admin.display(description=_("Sent"))
    def sent(self, notice: Any) -> str:
        return f"{notice.n_sent:,}"

    @admin.display(description=_("Waiting"))
    def waiting(self, notice: Any) -> str:
        return f"{notice.n_waiting:,}"

    @admin.display(description=_("Failed"))
    def failed(self, notice: Any) -> str:
        return f"{notice.n_failed:,}"

    @admin.display(description=_("For"))
    def addressed_to(self, notice: Notice) -> str:
        return ", ".join(notice.to) or gettext("notification channels only")

    @admin.display(description=_("Text"))
    def text_as_written(self, notice: Notice) -> str:
        return format_html('<pre class="console-json">{}</pre>', notice.text)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        may = request.user.has_perm(SEND_PERMISSION)
        return (
            (Link(gettext("Send announcement"), reverse("admin:send_announcement"), "campaign"),)
            if may
            else ()
        )


for site in (operator_site, tenant_site):
    site.register(Notice, NoticeAdmin)


class AnnouncementForm(Form):
    to = forms.CharField(widget=forms.Textarea, required=False)
    subject = forms.CharField(max_length=200)
    text = forms.CharField(widget=forms.Textarea, max_length=5_000)
    in_channels = forms.BooleanField(label=_("In the notification channels as well"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = ", ".join(queries.audiences())
        self.fields["to"].help_text = gettext("One per line: an e-mail address, or one of {known}.").format(
            known=known
        )

    def clean_to(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["to"].replace(",", " ").split())


class SendAnnouncementPage(CommandPage):
    command = SendAnnouncement
    form = AnnouncementForm

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        data = form.cleaned_data
        names = ("email", "chat") if data["in_channels"] else ("email",)
        return SendAnnouncement(subject=data["subject"], text=data["text"], to=data["to"], transports=names)

    def sentence(self, result: Notice) -> str:
        return gettext("The announcement is queued. Reload this page to see the outcome.")

    def success_url(self, result: Notice) -> str:
        return page_of(result)


class ResendNoticeDeliveryPage(CommandPage):
    command = ResendNoticeDelivery

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        delivery = (
            NoticeDelivery.objects.select_related("notice", "channel")
            .filter(pk=server_fields["notice_delivery_id"])
            .first()
        )
        if delivery is None:
            raise Http404
        return (
            (gettext("Notice"), delivery.notice.subject),
            (gettext("To"), delivery.recipient),
            (
                gettext("State"),
                gettext("{state} after {attempts} attempts").format(
                    state=delivery.get_state_display(), attempts=delivery.attempts
                ),
            ),
            (gettext("Last error"), delivery.last_error or "—"),
        )

    def sentence(self, result: NoticeDelivery) -> str:
        return gettext("The notice is queued again. Reload this page to see the outcome.")

    def success_url(self, result: NoticeDelivery) -> str:
        return page_of(result.notice)


for plane in hooks.PLANES:
    hooks.plug(
        plane,
        hooks.MenuItem(
            group=_("Notices"),
            title=_("Notices"),
            icon="campaign",
            url="admin:notices_notice_changelist",
            permission="notices.view_notice",
        ),
        hooks.MenuItem(
            group=_("Notices"),
            title=_("Notification channels"),
            icon="forum",
            url="admin:notices_notificationchannel_changelist",
            permission="notices.view_notificationchannel",
        ),
        command_page("send/", "send_announcement", _("Send announcement"), SendAnnouncementPage()),
        command_page(
            "deliveries/<int:notice_delivery_id>/resend/",
            "resend_notice_delivery",
            _("Resend notice"),
            ResendNoticeDeliveryPage(),
        ),
        hooks.Figure(
            title=_("Notices waiting"),
            permission="notices.view_notice",
            icon="campaign",
            read=lambda: hooks.Reading(
                queries.waiting_notices(),
                gettext("{failed_deliveries:,} deliveries failed").format(
                    failed_deliveries=queries.failed_deliveries()
                ),
            ),
            link="admin:notices_notice_changelist",
            query="?deliveries__state__exact=waiting",
        ),
    )
