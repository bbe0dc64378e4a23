"""Effects: what the users of one tenant gain and lose by a change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from apps.flags.engine import Evaluation, Problem, View, conflicts

from .population import Person

GAIN, LOSE, CHANGE = "gain", "lose", "change"


@dataclass
class Effect:
    """Numbers of users: evaluated, and by kind of change. Users with both a gain and a loss count in both.

    flags        the same by flag
    conflicts    what conflict rules of flags refuse for one of these users, and did not refuse before
    open_period  the fiscal period of the tenant in which the change takes effect; empty if it is not open
    """

    users: int = 0
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys((GAIN, LOSE, CHANGE), 0))
    flags: dict[str, dict[str, int]] = field(default_factory=dict)
    conflicts: list[Problem] = field(default_factory=list)
    open_period: str = ""

    @property
    def is_any(self) -> bool:
        return any(self.totals.values())


def effect_on(people: Iterable[Person], before: View, after: View, keys: Collection[str]) -> Effect:
    """Of a change of these flags."""
    effect = Effect(flags={key: dict.fromkeys((GAIN, LOSE, CHANGE), 0) for key in sorted(keys)})
    contexts: list[Mapping[str, Any]] = []
    for person in people:
        effect.users += 1
        contexts.extend(person.contexts)
        kinds = {key: _kinds(person, before, after, key) for key in effect.flags}
        for key, of_flag in kinds.items():
            for kind in of_flag:
                effect.flags[key][kind] += 1
        for kind in set().union(*kinds.values()):
            effect.totals[kind] += 1
    known = {*conflicts(before, contexts)}
    effect.conflicts = [problem for problem in conflicts(after, contexts) if problem not in known]
    return effect


def _kinds(person: Person, before: View, after: View, key: str) -> set[str]:
    kinds = set()
    for context in person.contexts:
        old, new = before.evaluate(key, None, context), after.evaluate(key, None, context)
        was_on, now_on = is_on(before, key, old), is_on(after, key, new)
        if was_on != now_on:
            kinds.add(GAIN if now_on else LOSE)
        elif old.value != new.value or type(old.value) is not type(new.value):
            kinds.add(CHANGE)
    return kinds


class Documents(Protocol):
    """Rules, of which the documents are read."""

    def document(self, key: str) -> Any: ...


def is_on(view: Documents, key: str, evaluation: Evaluation) -> bool:
    """A flag of another type than yes or no is on while it serves another variant than the one for off."""
    if evaluation.variant is None or isinstance(evaluation.value, bool):
        return evaluation.value is True
    return bool(evaluation.variant != view.document(key).get("off_variant"))
