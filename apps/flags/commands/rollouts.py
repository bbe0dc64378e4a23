"""Commands of rollouts. The plan is in the published revision; raising the percentage stays within it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command

from .changes import MANAGE

LOWER = "flags.kill_flag"
"""Of commands that only lower or hold the percentage: what may turn a flag off may do this as well."""


@dataclass(frozen=True, kw_only=True)
class RolloutFeature(Command):
    """Start the rollout that the flag's published revision plans. Its canary segment is first; without one, its first
    stage."""

    platform = True
    permission = MANAGE
    schedulable = True
    audit_message = gettext_noop("started {result}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AdvanceRollout(Command):
    """Raise a rollout to the next stage of its plan, after the present stage has lasted. After the last stage it is
    complete."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("advanced {result}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PauseRollout(Command):
    """Hold a rollout at its present stage."""

    platform = True
    permission = LOWER
    audit_message = gettext_noop("paused {result}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ResumeRollout(Command):
    """Continue a paused rollout. Its present stage starts to last anew."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("resumed {result}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RollBackRollout(Command):
    """Return a rollout to 0 % at once, also a complete one. To start again, publish the plan again."""

    platform = True
    permission = LOWER
    audit_message = gettext_noop("rolled back {result}: {reason}")

    key: str
    reason: str
