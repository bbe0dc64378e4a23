"""The flags that apply to the current tenant, and for how many of its users each is on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from apps.flags import queries
from apps.flags.engine import Override
from apps.flags.models import Flag
from apps.flags.previews.effects import is_on
from apps.flags.previews.population import Person, people
from apps.flags.store import tenants
from apps.flags.store.served import View
from apps.kernel.clock import now

MAX_USERS = 200
"""Users for which flags are evaluated on a page."""
OFF_BY_PLATFORM = ("DISABLED_BY_ENVIRONMENT", "KILLED", "DISABLED", "NOT_ENTITLED", "UNKNOWN_FLAG", "ERROR")


@dataclass(frozen=True)
class AppliedFlag:
    """users, on_for  numbers of the tenant's users, and of those for which the flag is on
    override          the tenant's own narrowing, if any
    is_killed         the tenant turned it off at once
    """

    key: str
    description: str
    users: int
    on_for: int
    override: Override | None
    is_killed: bool


def visible_flags() -> Mapping[str, AppliedFlag]:
    """By key: flags that are on for one of the tenant's users, and those that the tenant narrows itself. All others are
    hidden: what the plan lacks, what the platform has off, and what is for other tenants."""
    narrowing, view = tenants.cached.get("all"), queries.rule_set()
    own = narrowing.in_effect(now())
    persons = list(islice(people(), MAX_USERS))
    numbers = {key: _on_for(view, key, persons) for key in sorted(view.keys)}
    shown = [key for key, number in numbers.items() if number or (key in own and not _is_closed(view, key))]
    descriptions = _descriptions(shown)
    return {
        key: AppliedFlag(
            key,
            descriptions.get(key, ""),
            len(persons),
            numbers[key],
            own.get(key),
            key in narrowing.killed,
        )
        for key in shown
    }


def _on_for(view: View, key: str, persons: Sequence[Person]) -> int:
    """The number of users for which it is on, in one of their companies at least. `explain` counts no evaluation."""
    return sum(
        any(is_on(view, key, view.explain(key, None, context).evaluation) for context in person.contexts)
        for person in persons
    )


def _is_closed(view: View, key: str) -> bool:
    return view.explain(key, None, queries.context_of(None)).evaluation.reason in OFF_BY_PLATFORM


def _descriptions(keys: Sequence[str]) -> Mapping[str, str]:
    flags = Flag.objects.using(queries.connection_of_platform()).filter(key__in=keys)
    return dict(flags.values_list("key", "description"))
