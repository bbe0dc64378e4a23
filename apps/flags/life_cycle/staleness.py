"""Which flags are stale, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.flags.models import Flag, Rollout
from apps.flags.policies import day_of_expiry
from apps.flags.rollouts.serving import Served, served_revisions
from apps.flags.setting_definitions import STALE_DAYS
from apps.kernel.clock import now
from apps.settings import queries as settings_queries

from . import usage

FULLY_ON, NEVER_EVALUATED, ONE_VALUE, EXPIRED = "fully_on", "never_evaluated", "one_value", "expired"
REASONS: Mapping[str, str | Promise] = {
    FULLY_ON: _("It serves the same value to everyone since {days} days."),
    NEVER_EVALUATED: _("It was not evaluated for {days} days."),
    ONE_VALUE: _("Only one of its values was served in {days} days."),
    EXPIRED: _("It has expired on {expires_on}."),
}


@dataclass(frozen=True)
class Stale:
    flag: Flag
    reasons: tuple[str, ...]
    days: int

    @property
    def sentences(self) -> tuple[str, ...]:
        values = {"days": self.days, "expires_on": self.flag.expires_on}
        return tuple(str(REASONS[reason]).format(**values) for reason in self.reasons)


def stale_flags() -> Mapping[str, Stale]:
    """By key. Retired flags are not stale: see references.py."""
    flags = Flag.objects.filter(retired_at=None).order_by("key")
    days = {category: settings_queries.value(setting) for category, setting in STALE_DAYS.items()}
    served = served_revisions()
    completed = _completed_rollouts()
    variants = {number: _seen_for(number) for number in set(days.values()) if number}
    stale = {}
    for flag in flags:
        number = days[flag.category]
        reasons = [EXPIRED] if flag.expires_on < day_of_expiry() else []
        if number and flag.created_at <= now() - dt.timedelta(days=number):
            since = now() - dt.timedelta(days=number)
            seen = variants[number].get(flag.key, {})
            reasons += _by_time(served.get(flag.key), completed.get(flag.key), seen, since)
        if reasons:
            stale[flag.key] = Stale(flag, tuple(reasons), number)
    return stale


def _seen_for(days: int) -> Mapping[str, Mapping[str, int]]:
    """What this installation served; of flags that only programs evaluate, what these reported."""
    since = now() - dt.timedelta(days=days)
    return {**usage.served_since(since, is_reported=True), **usage.served_since(since)}


def _by_time(
    served: Served | None, rollout: Rollout | None, seen: Mapping[str, int], since: dt.datetime
) -> Iterator[str]:
    if served and _is_constant(served.document) and _since(served, rollout) <= since:
        yield FULLY_ON
    if not seen:
        yield NEVER_EVALUATED
    elif len(seen) == 1:
        yield ONE_VALUE


def _completed_rollouts() -> Mapping[str, Rollout]:
    """The newest rollout by key, of those that are complete."""
    newest = Rollout.objects.order_by("key", "-pk").distinct("key").select_related("revision")
    return {rollout.key: rollout for rollout in newest if rollout.state == Rollout.State.COMPLETED}


def _since(served: Served, rollout: Rollout | None) -> dt.datetime:
    """Since when the document has its effect: the completion of its rollout if it plans one."""
    plan = (served.document or {}).get("rollout")
    if not plan or "stages" not in plan:
        return served.since
    if (
        rollout is None
        or rollout.ended_at is None
        or (rollout.revision.document or {}).get("rollout") != plan
    ):
        return now()
    return max(served.since, rollout.ended_at)


def _is_constant(document: Mapping[str, Any] | None) -> bool:
    """Whether everyone receives the default variant, apart from the entitlement of the tenant and the role."""
    if document is None or not document.get("enabled", True) or document.get("prerequisites"):
        return False
    default = document.get("default_variant")
    if any(rule.get("serve") != default for rule in document.get("rules") or ()):
        return False
    rollout = document.get("rollout") or {}
    stages = rollout.get("stages")
    percentage = stages[-1]["percentage"] if stages else rollout.get("percentage", 100)
    return bool(percentage == 100)
