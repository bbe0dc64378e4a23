"""Scheduled commands: the same pages in both consoles."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.row_links import Link
from apps.console.sites import operator_site, tenant_site
from apps.schedules import queries
from apps.schedules.commands import SCHEDULE_PERMISSION
from apps.schedules.models import ScheduledCommand
from apps.schedules.module import VIEW

STATES = Colours(
    {
        ScheduledCommand.State.WAITING: "info",
        ScheduledCommand.State.DONE: "success",
        ScheduledCommand.State.REFUSED: "danger",
        ScheduledCommand.State.FAILED: "danger",
        ScheduledCommand.State.CANCELLED: "warning",
    }
)


@admin.register(ScheduledCommand, site=tenant_site)
@admin.register(ScheduledCommand, site=operator_site)
class ScheduledCommandAdmin(ReadOnlyAdmin):
    """Commands of a later time, with their outcome."""

    empty_message = _("Commands that are scheduled for a later time appear here, with their outcome.")
    creating_page = "schedule_command"
    list_display = ("command", "shown_state", "shown_time", "due_at", "actor_name", "reason", "outcome")
    list_filter = ("state", "command", "due_at")
    search_fields = ("command", "reason", "actor_name", "correlation_id")
    ordering = ("-id",)
    fields = (
        ("command", "state"),
        ("shown_time", "due_at"),
        "shown_arguments",
        "reason",
        ("actor_name", "created_at"),
        ("attempts", "finished_at"),
        "last_error",
        "correlation_id",
    )
    readonly_fields = ("shown_time", "shown_arguments")

    @display(description=_("State"), label=STATES)
    def shown_state(self, scheduled: ScheduledCommand) -> str:
        return scheduled.get_state_display()

    @admin.display(description=_("Local time"))
    def shown_time(self, scheduled: ScheduledCommand) -> str:
        return scheduled.shown_time

    @admin.display(description=_("Outcome"))
    def outcome(self, scheduled: ScheduledCommand) -> str:
        return scheduled.last_error or "—"

    @admin.display(description=_("Arguments"))
    def shown_arguments(self, scheduled: ScheduledCommand) -> str:
        text = json.dumps(scheduled.arguments, indent=2, ensure_ascii=False)
        return format_html('<pre class="console-json">{}</pre>', text)

    def links(self, request: HttpRequest, obj: ScheduledCommand) -> Sequence[Link]:
        if not obj.is_waiting or not request.user.has_perm(SCHEDULE_PERMISSION):
            return ()
        return (
            Link(gettext("Reschedule"), reverse("admin:reschedule_command", args=[obj.pk]), "schedule"),
            Link(gettext("Cancel"), reverse("admin:cancel_scheduled_command", args=[obj.pk]), "cancel"),
        )

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        if not request.user.has_perm(SCHEDULE_PERMISSION):
            return ()
        return (Link(gettext("Schedule command"), reverse("admin:schedule_command"), "more_time"),)


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.MenuItem(
            group=_("System"),
            title=_("Scheduled commands"),
            icon="schedule",
            url="admin:schedules_scheduledcommand_changelist",
            permission=VIEW,
        ),
        hooks.Figure(
            title=_("Scheduled commands"),
            permission=VIEW,
            icon="schedule",
            read=lambda: hooks.Reading(queries.waiting()),
            link="admin:schedules_scheduledcommand_changelist",
            query="?state__exact=waiting",
        ),
    )
