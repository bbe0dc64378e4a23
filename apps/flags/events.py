"""Events of flags. Listeners clear caches, inform owners, and send webhooks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

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
