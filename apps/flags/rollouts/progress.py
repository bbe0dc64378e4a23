"""Progress by itself: a scheduled task checks the guards of each rollout, and raises those whose stage has lasted.

A run that is late or repeated raises a rollout by one stage at most: the next stage lasts from the moment it began, and
the database refuses a stage before the present one has lasted.
"""

from __future__ import annotations

import logging

from apps.bus import dispatch
from apps.flags.commands import AdvanceRollout, PauseRollout, RollBackRollout
from apps.flags.models import Kill, Rollout
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.errors import Refusal

from . import guards
from .plans import Plan, plan_of
from .serving import served_revision

SYSTEM = System("System (rollouts)")
PLAN_REPLACED = "Another plan was published."
KILLED = "The flag was killed."
log = logging.getLogger(__name__)


def progress() -> None:
    """For all rollouts. One that fails does not delay the others."""
    active = Rollout.objects.filter(state__in=Rollout.ACTIVE).select_related("revision").order_by("pk")
    for rollout in list(active):
        try:
            _progress(rollout)
        except Refusal as refusal:
            log.warning("%s does not advance: %s", rollout, refusal)
        except Exception:
            log.exception("%s could not be checked.", rollout)


def _progress(rollout: Rollout) -> None:
    plan = plan_of(rollout.revision.document)
    served = served_revision(rollout.key)
    if plan is None or served is None or plan_of(served.document) != plan:
        dispatch(RollBackRollout(key=rollout.key, reason=PLAN_REPLACED), actor=SYSTEM)
    elif rollout.state == Rollout.State.PAUSED:
        return
    elif Kill.objects.filter(key=rollout.key, revived_at=None).exists():
        dispatch(PauseRollout(key=rollout.key, reason=KILLED), actor=SYSTEM)
    elif breach := _breach(rollout, plan):
        stop = RollBackRollout if breach.guard.action == "roll_back" else PauseRollout
        dispatch(stop(key=rollout.key, reason=f"A guard stopped it: {breach}"), actor=SYSTEM)
    elif rollout.stage_since + plan.lasts(rollout.stage) <= now():
        dispatch(AdvanceRollout(key=rollout.key, reason="Its stage has lasted."), actor=SYSTEM)


def _breach(rollout: Rollout, plan: Plan) -> guards.Breach | None:
    """A guard that rolls back is checked before one that pauses."""
    for guard in sorted(plan.guards, key=lambda guard: guard.action != "roll_back"):
        if breach := guards.breach(guard, rollout.stage_since, rollout.started_at, now()):
            return breach
    return None
