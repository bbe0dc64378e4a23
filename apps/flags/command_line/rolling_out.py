"""The verb `rollout`, which follows the plan of a published revision."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from apps.bus import Command, dispatch
from apps.bus import dry_run as refusals_of
from apps.console.terminal import SHELL, Output
from apps.flags.commands import AdvanceRollout, PauseRollout, ResumeRollout, RollBackRollout, RolloutFeature
from apps.flags.models import Rollout
from apps.kernel.errors import raise_all

from .publishing import add_reason

COMMANDS: dict[str, type[Command]] = {
    "start": RolloutFeature,
    "advance": AdvanceRollout,
    "pause": PauseRollout,
    "resume": ResumeRollout,
    "rollback": RollBackRollout,
}


def add_rollout(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=COMMANDS)
    add_reason(parser)


def roll_out(*, key: str, action: str, reason: str, dry_run: bool, **_: Any) -> Output:
    command: Any = COMMANDS[action]
    requested = command(key=key, reason=reason)
    if dry_run:
        raise_all(refusals_of(requested, actor=SHELL))
        return Output(f"{requested.title()}: would succeed.", {"dry_run": True})
    rollout: Rollout = dispatch(requested, actor=SHELL)
    text = f"{rollout}: {rollout.get_state_display().lower()}, stage {rollout.stage}, {rollout.percentage} %."
    data = {"id": rollout.pk, "key": rollout.key, "state": rollout.state}
    return Output(text, data | {"stage": rollout.stage, "percentage": rollout.percentage})
