"""Events of flags. Listeners clear caches, inform owners, and send webhooks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class FeatureFlagCreated(Event):
    """A flag was created; it serves nothing yet."""

    name = "feature_flag.created"

    key: str
    category: str

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.key}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagsProposed(Event):
    """A change set was made. Its effect on the population is computed now, if it was not yet."""

    name = "feature_flag.proposed"

    change_set_id: int

    @property
    def aggregate(self) -> str:
        return f"flags_changeset:{self.change_set_id}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagRolledOut(Event):
    """The rules, the rollout or the variants that a flag serves were changed. `targeting` has their new values."""

    name = "feature_flag.rolled_out"

    flag: str
    targeting: dict[str, Any]

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.flag}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagsChanged(Event):
    """A change set was published. `keys` are those of its flags, segments and overrides, as `kind:key`."""

    name = "feature_flag.changed"

    change_set_id: int
    keys: tuple[str, ...]
    effective_at: dt.datetime

    @property
    def aggregate(self) -> str:
        return f"flags_changeset:{self.change_set_id}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagDisabled(Event):
    """A flag was killed: it is off at once."""

    name = "feature_flag.disabled"

    key: str
    kill_id: int

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.key}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagRevived(Event):
    """The kill of a flag has ended."""

    name = "feature_flag.revived"

    key: str
    kill_id: int

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.key}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagRolloutProgressed(Event):
    """A rollout has begun, advanced, paused, resumed, completed or been rolled back.

    targeting  unit, canary segment, number of the stage and percentage
    by_system  whether the schedule or a guard made the change, and no person
    """

    name = "feature_flag.rollout_progressed"

    flag: str
    rollout_id: int
    state: str
    targeting: dict[str, Any]
    reason: str
    by_system: bool

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.flag}"


@dataclass(frozen=True, kw_only=True)
class FeatureFlagStale(Event):
    """A flag has become stale, or (without reasons) it no longer is."""

    name = "feature_flag.stale"

    flag: str
    owner: str
    reasons: tuple[str, ...]

    @property
    def aggregate(self) -> str:
        return f"feature_flag:{self.flag}"
