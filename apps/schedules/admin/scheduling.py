"""The pages that schedule, reschedule and cancel a command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.edits import EditPage
from apps.console.widgets import Form, ReasonForm, reason
from apps.schedules import queries
from apps.schedules.commands import (
    SCHEDULE_PERMISSION,
    CancelScheduledCommand,
    RescheduleCommand,
    ScheduleCommand,
)
from apps.schedules.models import ScheduledCommand

from .argument_forms import argument_fields, arguments_of


class TimeForm(Form):
    local_time = forms.CharField(
        max_length=19, help_text=_("Without an offset: 2027-03-01T08:30."), label=_("Local time")
    )
    time_zone = forms.CharField(
        max_length=64, initial=settings.TIME_ZONE, help_text=_("Such as Europe/Berlin."), label=_("Time zone")
    )
    reason = reason()


class ScheduleForm(TimeForm):
    """The time, the reason, and the arguments of the command."""

    def __init__(self, *args: Any, shape: type[Command], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields = {**argument_fields(shape), **self.fields}
        self.apply_widgets()


def schedulable_commands(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    """The commands that the user may schedule, to choose one."""
    rows = [
        (shape.title(), reverse("admin:schedule_one_command", args=[shape.command_name()]), shape.help_text())
        for shape in queries.schedulable_commands()
        if request.user.has_perm(shape.permission)
    ]
    return TemplateResponse(request, "schedules/commands.html", context | {"commands": rows})


class SchedulePage(CommandPage):
    command = ScheduleCommand
    form = ScheduleForm

    def form_options(self, server_fields: ServerFields) -> dict[str, Any]:
        return {"shape": _shape(server_fields)}

    def facts(self, server_fields: ServerFields) -> Facts:
        shape = _shape(server_fields)
        return ((gettext("Command"), shape.title()), (gettext("Effect"), shape.help_text()))

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        data, shape = form.cleaned_data, _shape(server_fields)
        return ScheduleCommand(
            command=shape.command_name(),
            arguments=arguments_of(shape, data),
            **{name: data[name] for name in ("local_time", "time_zone", "reason")},
        )

    def sentence(self, result: ScheduledCommand) -> str:
        return gettext("{result} is scheduled for {time}.").format(result=result, time=result.shown_time)

    def success_url(self, result: ScheduledCommand) -> str:
        return reverse("admin:schedules_scheduledcommand_change", args=[result.pk])


def _shape(server_fields: ServerFields) -> type[Command]:
    for shape in queries.schedulable_commands():
        if shape.command_name() == server_fields["command_name"]:
            return shape
    raise Http404


class _OnScheduledCommand(CommandPage):
    def facts(self, server_fields: ServerFields) -> Facts:
        scheduled = ScheduledCommand.objects.filter(pk=server_fields["scheduled_command_id"]).first()
        if scheduled is None:
            raise Http404
        return (
            (gettext("Command"), str(scheduled)),
            (gettext("Local time"), scheduled.shown_time),
            (gettext("State"), str(scheduled.get_state_display())),
        )

    def success_url(self, result: ScheduledCommand) -> str:
        return reverse("admin:schedules_scheduledcommand_change", args=[result.pk])


class ReschedulePage(_OnScheduledCommand, EditPage):
    command = RescheduleCommand
    form = TimeForm


class CancelPage(_OnScheduledCommand):
    command = CancelScheduledCommand
    form = ReasonForm
    danger = True


def _page(path: str, page: CommandPage) -> hooks.Page:
    return hooks.Page(
        path=f"schedules/<int:scheduled_command_id>/{path}/",
        name=page.command.command_name().split(".")[1],
        title=page.command.lazy_title(),
        permission=SCHEDULE_PERMISSION,
        view=page,
    )


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="schedules/new/",
            name="schedule_command",
            title=_("Schedule command"),
            permission=SCHEDULE_PERMISSION,
            icon="more_time",
            view=schedulable_commands,
        ),
        hooks.Page(
            path="schedules/new/<str:command_name>/",
            name="schedule_one_command",
            title=_("Schedule command"),
            permission=SCHEDULE_PERMISSION,
            view=SchedulePage(),
        ),
        _page("reschedule", ReschedulePage()),
        _page("cancel", CancelPage()),
    )
