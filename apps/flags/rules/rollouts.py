"""Rules of rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.flags.errors import (
    FlagIsRetired,
    FlagNotFound,
    RolloutNotFound,
    RolloutNotPlanned,
    RolloutOfKilledFlag,
    RolloutOutsidePlan,
    RolloutStepRefused,
)
from apps.flags.models import Flag, Kill, Revision, Rollout
from apps.flags.rollouts import stages
from apps.flags.rollouts.plans import Plan, plan_in, plan_of
from apps.flags.rollouts.serving import served_revision


def flag_must_exist(key: str) -> Flag:
    """Locks the row."""
    flag = Flag.objects.select_for_update(no_key=True).filter(key=key).first()
    if flag is None:
        raise FlagNotFound(key=key)
    return flag


def flag_must_be_in_use(key: str) -> Flag:
    """Locks the row."""
    flag = flag_must_exist(key)
    if flag.is_retired:
        raise FlagIsRetired(key=key)
    return flag


def revision_must_plan_a_rollout(key: str) -> tuple[Revision, Plan]:
    """The revision that is served now, with its plan."""
    revision = served_revision(key)
    plan = plan_of(revision.document) if revision else None
    if revision is None or plan is None:
        raise RolloutNotPlanned(key=key)
    return revision, plan


def rollout_must_exist(key: str) -> Rollout:
    """The newest one. Locks the row."""
    locked = Rollout.objects.select_for_update(no_key=True, of=("self",)).select_related("revision")
    rollout = locked.filter(key=key).order_by("-pk").first()
    if rollout is None:
        raise RolloutNotFound(key=key)
    return rollout


def flag_must_not_be_killed(key: str) -> None:
    """The approval of a revival is of the stage that the rollout has reached: a killed flag does not move on."""
    if Kill.objects.filter(key=key, revived_at=None).exists():
        raise RolloutOfKilledFlag(key=key)


def targeting_must_be_served(key: str, targeting: Mapping[str, Any]) -> None:
    """What a step of a rollout records is what its flag serves since then."""
    if stages.served_targeting(key) != targeting:
        raise RolloutOutsidePlan(key=key)


def rollout_must_be(rollout: Rollout, *states: Rollout.State) -> Plan:
    """Its plan."""
    if rollout.state not in states:
        raise RolloutStepRefused(key=rollout.key, state=str(Rollout.State(rollout.state).label).lower())
    return plan_in(rollout.revision.document)
