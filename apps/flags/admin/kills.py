"""Kills: the form that turns a flag off at once, its arrival at every process, review and revival."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ReadOnlyAdmin, ServerFields
from apps.console.form_keys import key_of
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.console.widgets import Form, ReasonForm
from apps.flags import queries
from apps.flags.commands import KillFlag, ReviewKill, ReviveFlag
from apps.flags.models import Flag, Kill
from apps.flags.module import KILL, MANAGE, VIEW_KILLS
from apps.kernel.clock import now
from apps.kernel.notation.shown import shown_instant

REFRESHED_FOR_S = 600
ACTIVE = Colours({_("active"): "danger", _("ended"): "success"})


class ActiveFilter(admin.SimpleListFilter):
    title = _("State")
    parameter_name = "active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return (("yes", _("active")), ("no", _("ended")))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in ("yes", "no"):
            return queryset.filter(revived_at__isnull=self.value() == "yes")
        return queryset


@admin.register(Kill, site=tenant_site)
@admin.register(Kill, site=operator_site)
class KillAdmin(ReadOnlyAdmin):
    """Kills with their reasons and reviews."""

    empty_message = _("Flags that were killed appear here, with the reason, the review and the end.")
    created_by = "the kill button of a flag"
    list_display = ("key", "shown_state", "killed_at", "killed_by_name", "reason", "shown_review")
    list_filter = (ActiveFilter, "killed_at")
    search_fields = ("key", "reason", "killed_by_name")
    ordering = ("-id",)
    fields = (
        ("key", "shown_state"),
        ("killed_at", "killed_by_name"),
        "reason",
        ("reviewed_at", "reviewed_by_name"),
        "review",
        ("revived_at", "revived_by_name"),
        "revival_reason",
    )
    readonly_fields = ("shown_state",)
    change_form_outer_before_template = "flags/kill_head.html"

    @display(description=_("State"), label=ACTIVE)
    def shown_state(self, kill: Kill) -> str:
        return gettext("active") if kill.is_active else gettext("ended")

    @admin.display(description=_("Review"))
    def shown_review(self, kill: Kill) -> str:
        return kill.review or gettext("missing")

    def links(self, request: HttpRequest, obj: Kill) -> Sequence[Link]:
        if not request.user.has_perm(MANAGE):
            return ()
        review = Link(gettext("Review"), reverse("admin:review_kill", args=[obj.pk]), "rate_review")
        revive = Link(gettext("Revive"), reverse("admin:revive_flag", args=[obj.pk]), "restart_alt")
        return (*(() if obj.reviewed_at else (review,)), *((revive,) if obj.is_active else ()))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """With the processes that serve an active kill."""
        kill = self.get_object(request, object_id)
        part = {"part": arrival_of(kill)} if kill and kill.is_active else {}
        return super().change_view(request, object_id, form_url, {**part, **(extra_context or {})})


def kill_form(request: HttpRequest, flag: Flag) -> Mapping[str, Any]:
    """The context of flags/flag_head.html: the form, or the kill that is active."""
    active = Kill.objects.filter(key=flag.key, revived_at=None).first()
    if active:
        page = reverse("admin:flags_kill_change", args=[active.pk])
        return {"active_kill": active, "active_kill_url": page}
    if flag.is_retired or not request.user.has_perm(KILL):
        return {}
    form = ReasonForm()
    return {
        "kill_form": form,
        "kill_url": reverse("admin:kill_flag", args=[flag.pk]),
        "kill_key": key_of(form),
    }


class KillPage(CommandPage):
    """The form with a reason; the page of the kill then shows which processes serve it."""

    command: type[Command] = KillFlag
    form, danger = ReasonForm, True

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        return KillFlag(key=self.key_of_flag(server_fields), reason=form.cleaned_data["reason"])

    def key_of_flag(self, server_fields: ServerFields) -> str:
        return flag_with_id(server_fields["flag_id"]).key

    def facts(self, server_fields: ServerFields) -> Facts:
        return ((gettext("Flag"), self.key_of_flag(server_fields)),)

    def sentence(self, result: Kill) -> str:
        return gettext("{key} is off. Below you see which processes serve it already.").format(key=result.key)

    def success_url(self, result: Kill) -> str:
        return reverse("admin:flags_kill_change", args=[result.pk])


class ReviewForm(Form):
    review = forms.CharField(
        label=_("Review"),
        widget=forms.Textarea,
        help_text=_("What happened, and whether the kill was right. Another person writes it."),
    )


class _OnKill(CommandPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        kill = Kill.objects.filter(pk=server_fields["kill_id"]).first()
        if kill is None:
            raise Http404
        return (
            (gettext("Flag"), kill.key),
            (gettext("Killed"), f"{shown_instant(kill.killed_at)}, {kill.killed_by_name}"),
            (gettext("Reason"), kill.reason),
        )

    def success_url(self, result: Kill) -> str:
        return reverse("admin:flags_kill_change", args=[result.pk])


class Review(_OnKill):
    command: type[Command] = ReviewKill
    form = ReviewForm

    def sentence(self, result: Kill) -> str:
        return gettext("The review is recorded.")


class Revive(_OnKill):
    command: type[Command] = ReviveFlag
    form = ReasonForm

    def sentence(self, result: Kill) -> str:
        return gettext("{key} serves its published revision again.").format(key=result.key)


def flag_with_id(flag_id: int) -> Flag:
    flag = Flag.objects.filter(pk=flag_id).first()
    if flag is None:
        raise Http404
    return flag


def arrival_of(kill: Kill) -> Mapping[str, Any]:
    """Which processes serve the kill, or a later change."""
    at = min(queries.epoch(), int(kill.killed_at.timestamp() * 1000))
    arrival = queries.arrival(at)
    age_s = (now() - kill.killed_at).total_seconds()
    rows = [(one, gettext("within 10 s")) for one in arrival.reported]
    rows += [(one, gettext("later")) for one in arrival.late]
    return {
        "arrival": arrival,
        "rows": [(one.kind, one.node, f"{one.processes:,}", when) for one, when in rows],
        "headers": (gettext("Kind"), gettext("Node"), gettext("Processes"), gettext("Serves it")),
        "missing": [str(process) for process in arrival.missing],
        "is_live": age_s < REFRESHED_FOR_S and not arrival.is_complete,
    }


def _page(path: str, page: CommandPage, permission: str) -> hooks.Page:
    return hooks.Page(
        path=path,
        name=page.command.command_name().split(".")[1],
        title=page.command.lazy_title(),
        permission=permission,
        view=page,
    )


hooks.plug("operator", _page("flags/<int:flag_id>/kill/", KillPage(), KILL))
for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("Feature flags"),
            title=_("Kills"),
            icon="power_settings_new",
            url="admin:flags_kill_changelist",
            permission=VIEW_KILLS,
        ),
        _page("flags/kills/<int:kill_id>/review/", Review(), MANAGE),
        _page("flags/kills/<int:kill_id>/revive/", Revive(), MANAGE),
    )
