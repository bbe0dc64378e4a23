"""What the commands of rollouts do. The order is fixed: the percentage, the cache of the flag, the audit record, and
the event about the progress. The bus writes the last two, in this order, before the commit."""

from __future__ import annotations

import logging
from typing import Any

from apps.bus import dispatch, handles
from apps.events import publish
from apps.flags.commands import (
    AdvanceRollout,
    PauseRollout,
    ResumeRollout,
    RollBackRollout,
    RolloutFeature,
    RollOutFlag,
)
from apps.flags.errors import ReasonMissing, RolloutInProgress, RolloutStageLasts, RolloutWasStarted
from apps.flags.events import FeatureFlagRolloutProgressed
from apps.flags.models import Rollout
from apps.flags.rollouts import duration, stages
from apps.flags.rollouts.plans import Plan, plan_in
from apps.flags.rules import rollouts as rules
from apps.flags.store import freshness
from apps.kernel.actors import System, acting, actor_label
from apps.kernel.clock import now
from apps.kernel.reasons import reason_must_be_given

State = Rollout.State
log = logging.getLogger("bursar.flags.rollouts")


@handles(RolloutFeature, emits=(FeatureFlagRolloutProgressed,))
def rollout_feature(command: RolloutFeature) -> Rollout:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    rules.flag_must_be_in_use(command.key)
    rules.flag_must_not_be_killed(command.key)
    revision, plan = rules.revision_must_plan_a_rollout(command.key)
    if Rollout.objects.filter(revision=revision).exists():
        raise RolloutWasStarted(key=command.key)
    _end_rollout_of_another_plan(command.key, plan)

    at = now()
    rollout = Rollout(key=command.key, revision=revision, started_at=at, stage_since=at)
    _move(rollout, plan, State.INITIATED, reason)
    if plan.canary is None:
        _move(rollout, plan, State.PROGRESSING, reason, stage=1)
    return rollout


@handles(AdvanceRollout, emits=(FeatureFlagRolloutProgressed,))
def advance_rollout(command: AdvanceRollout) -> Rollout:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    rollout = rules.rollout_must_exist(command.key)
    plan = rules.rollout_must_be(rollout, State.INITIATED, State.PROGRESSING)
    rules.flag_must_not_be_killed(rollout.key)
    until = rollout.stage_since + plan.lasts(rollout.stage)
    if now() < until:
        raise RolloutStageLasts(key=rollout.key, until=f"{until:%Y-%m-%d %H:%M} UTC")

    if plan.is_last(rollout.stage):
        _move(rollout, plan, State.COMPLETED, reason)
    else:
        _move(rollout, plan, State.PROGRESSING, reason, stage=rollout.stage + 1)
    return rollout


@handles(PauseRollout, emits=(FeatureFlagRolloutProgressed,))
def pause_rollout(command: PauseRollout) -> Rollout:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    rollout = rules.rollout_must_exist(command.key)
    plan = rules.rollout_must_be(rollout, State.INITIATED, State.PROGRESSING)

    _move(rollout, plan, State.PAUSED, reason)
    return rollout


@handles(ResumeRollout, emits=(FeatureFlagRolloutProgressed,))
def resume_rollout(command: ResumeRollout) -> Rollout:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    rollout = rules.rollout_must_exist(command.key)
    plan = rules.rollout_must_be(rollout, State.PAUSED)
    rules.flag_must_not_be_killed(rollout.key)

    rollout.stage_since = now()
    _move(rollout, plan, State.PROGRESSING if rollout.stage else State.INITIATED, reason)
    return rollout


@handles(RollBackRollout, emits=(FeatureFlagRolloutProgressed,))
def roll_back_rollout(command: RollBackRollout) -> Rollout:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    rollout = rules.rollout_must_exist(command.key)
    plan = rules.rollout_must_be(rollout, *Rollout.ACTIVE, State.COMPLETED)

    _move(rollout, plan, State.ROLLED_BACK, reason)
    return rollout


def _end_rollout_of_another_plan(key: str, served: Plan) -> None:
    """Refuses while the served plan is rolled out; ends the rollout of a plan that is no longer served."""
    active = Rollout.objects.select_for_update(no_key=True, of=("self",)).select_related("revision")
    rollout = active.filter(key=key, state__in=Rollout.ACTIVE).first()
    if rollout is None:
        return
    plan = plan_in(rollout.revision.document)
    if plan == served:
        raise RolloutInProgress(key=key)
    _move(rollout, plan, State.ROLLED_BACK, "Another plan was published.")


def _move(
    rollout: Rollout, plan: Plan, state: Rollout.State, reason: str, *, stage: int | None = None
) -> None:
    before, at = stages.served_targeting(rollout.key), now()
    rollout.state, rollout.reason = state, reason
    rollout.changed_at, rollout.changed_by_name = at, actor_label(acting())[:200]
    if stage is not None:
        rollout.stage, rollout.stage_since = stage, at
    if state in (State.COMPLETED, State.ROLLED_BACK):
        rollout.ended_at = at
    rollout.percentage = 0.0 if state == State.ROLLED_BACK else plan.percentage(rollout.stage)
    rollout.save()
    freshness.changed()
    _record(rollout.key, before)
    _report(rollout, plan)


def _record(key: str, before: dict[str, Any]) -> None:
    """Writes the audit record of the new targeting, and publishes it. A user that may only lower percentages may not
    dispatch that command, so the platform does; the record of the user's own command has the same correlation id."""
    targeting, actor = stages.served_targeting(key), acting()
    if targeting != before:
        may_record = actor is not None and actor.has_perm(RollOutFlag.permission)
        command = RollOutFlag(key=key, before=before, targeting=targeting)
        dispatch(command, actor=None if may_record else System("System (rollouts)"))


def _report(rollout: Rollout, plan: Plan) -> None:
    if rollout.ended_at == rollout.changed_at:
        duration.measure(rollout)
    log.info("The rollout of %s is %s at %g %%.", rollout.key, rollout.state, rollout.percentage)
    publish(
        FeatureFlagRolloutProgressed(
            flag=rollout.key,
            rollout_id=rollout.pk,
            state=rollout.state,
            targeting={
                "unit": plan.unit,
                "canary": plan.canary if rollout.state != State.ROLLED_BACK else None,
                "stage": rollout.stage,
                "percentage": rollout.percentage,
            },
            reason=rollout.reason,
            by_system=isinstance(acting(), System),
        )
    )
