"""What a rollout has reached, for the documents that are served: the store merges it before it compiles them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.flags.documents import targeting_of
from apps.flags.models import Rollout, RolloutStep

from .serving import served_revision


@dataclass(frozen=True)
class Reached:
    """plan  the member `rollout` of the revision that is rolled out"""

    plan: Mapping[str, Any]
    state: str
    stage: int
    percentage: float


def reached(as_of: dt.datetime | None = None, *, using: str = "default") -> Mapping[str, Reached]:
    """By key, the newest step of its newest rollout, in one query. Only of the platform, which has the flags."""
    steps = RolloutStep.objects.using(using).order_by("key", "-id").distinct("key")
    if as_of is not None:
        steps = steps.filter(at__lte=as_of)
    rows = steps.values_list("key", "revision__document__rollout", "state", "stage", "percentage")
    return {key: Reached(plan, state, stage, percentage) for key, plan, state, stage, percentage in rows}


def served_targeting(key: str) -> dict[str, Any]:
    """Whom the flag serves what now, at the stage that its rollout has reached."""
    revision = served_revision(key)
    if revision is None or revision.document is None:
        return {}
    return targeting_of(merged(revision.document, reached().get(key)))


def merged(document: Mapping[str, Any], step: Reached | None) -> Mapping[str, Any]:
    """The document with the percentage that its plan has reached: 0 before its rollout begins, after a roll-back, and
    where the rollout is that of another plan. A document without stages is unchanged."""
    plan = document.get("rollout")
    if not isinstance(plan, Mapping) or "stages" not in plan:
        return document
    is_open = step is not None and step.plan == plan and step.state != Rollout.State.ROLLED_BACK
    served = {name: value for name, value in plan.items() if name not in ("stages", "guards", "canary")}
    served["percentage"] = step.percentage if step is not None and is_open else 0.0
    if is_open and plan.get("canary") is not None:
        served["canary"] = plan["canary"]
    return {**document, "rollout": served}
