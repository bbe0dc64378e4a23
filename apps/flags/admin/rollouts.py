"""The buttons of a rollout."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext

from apps.bus import Command
from apps.console import hooks
from apps.console.admin import CommandPage, Facts, ServerFields
from apps.console.widgets import ReasonForm
from apps.flags.commands import AdvanceRollout, PauseRollout, ResumeRollout, RollBackRollout, RolloutFeature
from apps.flags.models import Flag, Rollout

from .kills import flag_with_id
from .wording import percent_text


class RolloutPage(CommandPage):
    form = ReasonForm

    def __init__(self, command: type[Command]) -> None:
        self.command = command
        self.danger = command is RollBackRollout

    def build(self, form: forms.Form, server_fields: ServerFields) -> Command:
        build: Any = self.command
        command: Command = build(
            key=flag_with_id(server_fields["flag_id"]).key, reason=form.cleaned_data["reason"]
        )
        return command

    def facts(self, server_fields: ServerFields) -> Facts:
        flag = flag_with_id(server_fields["flag_id"])
        present = Rollout.objects.filter(key=flag.key).order_by("-pk").first()
        state = present.get_state_display() if present else gettext("not started")
        share = percent_text(present.percentage) if present else "—"
        return ((gettext("Flag"), flag.key), (gettext("Rollout"), state), (gettext("Share"), share))

    def sentence(self, result: Rollout) -> str:
        return gettext("The rollout of {key} is {state}, at {share}.").format(
            key=result.key, state=result.get_state_display().lower(), share=percent_text(result.percentage)
        )

    def success_url(self, result: Rollout) -> str:
        return reverse("admin:flags_flag_change", args=[Flag.objects.get(key=result.key).pk])


for _command in (RolloutFeature, AdvanceRollout, PauseRollout, ResumeRollout, RollBackRollout):
    _name = _command.command_name().split(".")[1]
    hooks.plug(
        "operator",
        hooks.Page(
            path=f"flags/<int:flag_id>/{_name.replace('_', '-')}/",
            name=_name,
            title=_command.lazy_title(),
            permission=_command.permission,
            view=RolloutPage(_command),
        ),
    )
