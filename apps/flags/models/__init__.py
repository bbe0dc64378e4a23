"""Flags, their change sets with revisions, kills, rollouts, experiments, their use, and the epoch of what is served."""

from .changes import ChangeSet, Revision
from .configuration import FeatureConfiguration
from .epochs import Epoch
from .experiments import Exposure, Outcome
from .flags import Flag
from .kills import Kill
from .life_cycle import FlagUsage, StaleFlag
from .rollouts import Rollout, RolloutStep

__all__ = [
    "ChangeSet",
    "Epoch",
    "Exposure",
    "FeatureConfiguration",
    "Flag",
    "FlagUsage",
    "Kill",
    "Outcome",
    "Revision",
    "Rollout",
    "RolloutStep",
    "StaleFlag",
]
