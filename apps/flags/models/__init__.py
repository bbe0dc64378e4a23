"""Flags, their change sets with revisions, kills, rollouts, experiments, and their use."""

from .changes import ChangeSet, Revision
from .experiments import Exposure, Outcome
from .flags import Flag
from .kills import Kill
from .life_cycle import FlagUsage, StaleFlag
from .rollouts import Rollout, RolloutStep

__all__ = [
    "ChangeSet",
    "Exposure",
    "Flag",
    "FlagUsage",
    "Kill",
    "Outcome",
    "Revision",
    "Rollout",
    "RolloutStep",
    "StaleFlag",
]
