"""The state of each flag: on or off for all users, on for a part, killed, scheduled, retired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from apps.flags.engine import environment_name
from apps.flags.models import Flag
from apps.flags.store import platform
from apps.kernel.clock import now
from apps.kernel.features import DECLARED


class State(TextChoices):
    ON = "on", _("On")
    OFF = "off", _("Off")
    PARTIAL = "partial", _("On for a part")
    KILLED = "killed", _("Killed")
    SCHEDULED = "scheduled", _("Change scheduled")
    RETIRED = "retired", _("Retired")


@dataclass(frozen=True)
class FlagStatus:
    """What a flag serves: the document with the percentage that its rollout has reached. `document` is None before
    the first publication, and after the last."""

    state: State
    document: Mapping[str, Any] | None
    revision: int
    scheduled_at: dt.datetime | None = None
    in_environment: bool = True


def statuses(flags: Iterable[Flag]) -> Mapping[str, FlagStatus]:
    """By key, from what the process holds in memory."""
    stored = platform.cached.get("all")
    served: dict[str, platform.Stored] = {}
    waiting: dict[str, dt.datetime] = {}
    for one in stored.flags:
        if one.effective_at and one.effective_at > now():
            waiting.setdefault(one.key, one.effective_at)
        else:
            served[one.key] = one
    return {
        flag.key: _status(
            flag, served.get(flag.key), waiting.get(flag.key), is_killed=flag.key in stored.killed
        )
        for flag in flags
    }


def _status(
    flag: Flag, served: platform.Stored | None, scheduled_at: dt.datetime | None, *, is_killed: bool
) -> FlagStatus:
    document: Mapping[str, Any] | None = served.document if served else None
    if served is None and flag.key in DECLARED:
        document = DECLARED[flag.key].document
    environment = {environment_name(name): is_on for name, is_on in settings.FEATURE_FLAGS.items()}
    in_environment = environment.get(environment_name(flag.key), True)
    if flag.is_retired:
        state = State.RETIRED
    elif is_killed:
        state = State.KILLED
    elif scheduled_at:
        state = State.SCHEDULED
    else:
        state = state_of(document) if in_environment else State.OFF
    return FlagStatus(state, document, served.revision if served else 0, scheduled_at, in_environment)


def state_of(document: Mapping[str, Any] | None) -> State:
    """Of the document alone."""
    if document is None or not document.get("enabled", True):
        return State.OFF
    default, off = document.get("default_variant"), document.get("off_variant")
    rollout = document.get("rollout") or {}
    percentage = rollout.get("percentage", 100)
    serves_default = default != off and (percentage > 0 or rollout.get("canary"))
    if not document.get("rules") and not serves_default:
        return State.OFF
    narrows = ("rules", "roles", "prerequisites", "entitlement", "requires", "excludes", "implies")
    is_for_all = percentage == 100 and not any(document.get(name) for name in narrows)
    return State.ON if is_for_all else State.PARTIAL
