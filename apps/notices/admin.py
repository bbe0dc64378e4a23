"""Who was told what, and the chats in which something is told: the same pages in both consoles."""

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
from unfold.decorators import display

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Link, ReadOnlyAdmin, ReadOnlyInline, ServerFields
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, reason

from . import channels, queries
from .commands import MANAGE_TARGETS, TELL, AddTarget, RemoveTarget, SendCopyAgain, TellPeople, TryTarget
from .models import Copy, Notice, Target

LABELS = {"Sent": "success", "Waiting": "info", "Given up": "danger"}


class CopyInline(ReadOnlyInline):
    model = Copy
    fields = ("to_whom", "channel", "shown_state", "attempts", "due", "last_outcome", "done_at", "again")
    readonly_fields = fields
    verbose_name_plural = "copies"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Copy]:
        copies: models.QuerySet[Copy] = super().get_queryset(request)
        return copies.select_related("target").order_by("id")

    @admin.display(description="To")
    def to_whom(self, copy: Copy) -> str:
        return copy.receiver

    @display(description="State", label=LABELS)
    def shown_state(self, copy: Copy) -> str:
        return copy.get_state_display()

    @admin.display(description="Next attempt")
    def due(self, copy: Copy) -> str:
        return f"{copy.next_at:%d %b %Y, %H:%M:%S}" if copy.state == Copy.State.WAITING else "—"

    @admin.display(description="")
    def again(self, copy: Copy) -> str:
        return format_html(
            '<a class="underline" href="{}">Send again</a>', reverse("admin:send_copy_again", args=[copy.pk])
        )


class NoticeAdmin(ReadOnlyAdmin):
    """What people were told, newest first."""

    list_display = ("subject", "kind", "told", "waiting", "given_up", "created_at")
    list_filter = ("kind",)
    search_fields = ("subject", "correlation_id", "copies__address")
    search_help_text = "Subject, address, or correlation id"
    ordering = ("-id",)
    inlines = (CopyInline,)
    fields = ("subject", ("kind", "created_at"), "named", "shown_text", "correlation_id")
    readonly_fields = ("named", "shown_text")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Notice]:
        notices: models.QuerySet[Notice] = super().get_queryset(request)
        counts = {
            state: Count("copies", filter=Q(copies__state=state), distinct=True)
            for state in Copy.State.values
        }
        return notices.annotate(**{f"n_{state}": count for state, count in counts.items()})

    @admin.display(description="Told")
    def told(self, notice: Any) -> str:
        return f"{notice.n_sent:,}"

    @admin.display(description="Waiting")
    def waiting(self, notice: Any) -> str:
        return f"{notice.n_waiting:,}"

    @admin.display(description="Given up")
    def given_up(self, notice: Any) -> str:
        return f"{notice.n_dead:,}"

    @admin.display(description="For")
    def named(self, notice: Notice) -> str:
        return ", ".join(notice.to) or "the chats alone"

    @admin.display(description="Text")
    def shown_text(self, notice: Notice) -> str:
        return format_html('<pre class="console-json">{}</pre>', notice.text)

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        may = request.user.has_perm(TELL)
        return (Link("Tell people", reverse("admin:tell_people"), "campaign"),) if may else ()


class TargetAdmin(ReadOnlyAdmin):
    """Each chat, which kinds it hears, and how the last time went."""

    list_display = ("name", "shown", "subscribes", "last_outcome", "tried_at")
    search_fields = ("name", "shown")
    ordering = ("name",)
    fields = ("name", "shown", "subscribes", ("created_at", "removed_at"), ("tried_at", "last_outcome"))
    readonly_fields = ("subscribes",)

    @admin.display(description="Hears")
    def subscribes(self, target: Target) -> str:
        return ", ".join(target.kinds) or "every kind"

    def links(self, request: HttpRequest, obj: Target) -> Sequence[Link]:
        if not obj.is_active or not request.user.has_perm(MANAGE_TARGETS):
            return ()
        return (
            Link("Try it", reverse("admin:try_notice_target", args=[obj.pk]), "network_ping"),
            Link("Remove", reverse("admin:remove_notice_target", args=[obj.pk]), "delete"),
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        may = request.user.has_perm(MANAGE_TARGETS)
        return (Link("Add a chat", reverse("admin:add_notice_target"), "add_comment"),) if may else ()


for site in (operator_site, tenant_site):
    site.register(Notice, NoticeAdmin)
    site.register(Target, TargetAdmin)


class Words(Form):
    to = forms.CharField(widget=forms.Textarea, required=False)
    subject = forms.CharField(max_length=200)
    text = forms.CharField(widget=forms.Textarea, max_length=5_000)
    in_chats = forms.BooleanField(label="In the chats as well", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = ", ".join(queries.audiences())
        self.fields["to"].help_text = f"One on each line: an e-mail address, or one of {known}."

    def clean_to(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["to"].replace(",", " ").split())


class Tell(CommandPage):
    command = TellPeople
    form = Words

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        said = form.cleaned_data
        ways = ("email", "chat") if said["in_chats"] else ("email",)
        return TellPeople(subject=said["subject"], text=said["text"], to=said["to"], channels=ways)

    def sentence(self, result: Notice) -> str:
        return "It is on its way. Load this page again to see what came of it."

    def success_url(self, result: Notice) -> str:
        return _page_of(result)


class SendAgain(CommandPage):
    command = SendCopyAgain

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        copy = Copy.objects.select_related("notice", "target").filter(pk=server_fields["copy_id"]).first()
        if copy is None:
            raise Http404
        return (
            ("Notice", copy.notice.subject),
            ("To", copy.receiver),
            ("State", f"{copy.get_state_display()} after {copy.attempts} attempts"),
            ("Last outcome", copy.last_outcome or "—"),
        )

    def sentence(self, result: Copy) -> str:
        return "It is on its way again. Load this page again to see what came of it."

    def success_url(self, result: Copy) -> str:
        return _page_of(result.notice)


class NewTarget(Form):
    name = forms.CharField(max_length=80)
    address = forms.CharField(max_length=2000)
    kinds = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None for every kind."
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        told = [(kind.name, f"{kind}: {kind.description}") for kind in queries.kinds_here()]
        self.fields["kinds"].choices = told  # type: ignore[attr-defined]
        self.fields["address"].help_text = (
            f"The link that Slack or Discord gives for a webhook, or an address of Apprise"
            f" ({', '.join(channels.chat.schemes())}). It is not shown again."
        )

    def clean_kinds(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["kinds"])


class Add(CommandPage):
    command = AddTarget
    form = NewTarget

    def sentence(self, result: Target) -> str:
        return f"{result} is told from now on. Try whether it can be reached."

    def success_url(self, result: Target) -> str:
        return reverse("admin:notices_target_change", args=[result.pk])


class TargetCommand(CommandPage):
    """Something that is done to one chat."""

    def facts(self, server_fields: ServerFields) -> Sequence[tuple[str, str]]:
        target = Target.objects.filter(pk=server_fields["target_id"]).first()
        if target is None:
            raise Http404
        waiting = Copy.objects.filter(target=target, state=Copy.State.WAITING).count()
        return (("Chat", f"{target}, {target.shown}"), ("Waiting for it", f"{waiting:,} copies"))


class Try(TargetCommand):
    command = TryTarget

    def sentence(self, result: Notice) -> str:
        return "The test is on its way. Load this page again to see what came of it."

    def success_url(self, result: Notice) -> str:
        return _page_of(result)


class Why(Form):
    reason = reason()


class Remove(TargetCommand):
    command = RemoveTarget
    form = Why
    danger = True

    def success_url(self, result: Target) -> str:
        return reverse("admin:notices_target_changelist")


def _page_of(notice: Notice) -> str:
    return reverse("admin:notices_notice_change", args=[notice.pk])


def _page(path: str, name: str, title: str, view: CommandPage) -> hooks.Page:
    return hooks.Page(
        path=f"notices/{path}", name=name, title=title, permission=view.command.permission, view=view
    )


PARTS = (
    hooks.MenuItem(
        group="Notices",
        title="Notices",
        icon="campaign",
        url="admin:notices_notice_changelist",
        permission="notices.view_notice",
    ),
    hooks.MenuItem(
        group="Notices",
        title="Chats",
        icon="forum",
        url="admin:notices_target_changelist",
        permission="notices.view_target",
    ),
    _page("tell/", "tell_people", "Tell people", Tell()),
    _page("copies/<int:copy_id>/send-again/", "send_copy_again", "Send a copy again", SendAgain()),
    _page("chats/add/", "add_notice_target", "Add a chat", Add()),
    _page("chats/<int:target_id>/try/", "try_notice_target", "Try a chat", Try()),
    _page("chats/<int:target_id>/remove/", "remove_notice_target", "Remove a chat", Remove()),
    hooks.Figure(
        title="Notices waiting",
        permission="notices.view_notice",
        icon="campaign",
        value=lambda: f"{queries.waiting_copies():,}",
        note=lambda: f"{queries.dead_copies():,} were given up",
        link="admin:notices_notice_changelist",
    ),
)
for plane in hooks.PLANES:
    hooks.plug(plane, *PARTS)
