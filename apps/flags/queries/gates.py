"""Gates for the platform itself and for requests without a user, such as a received webhook.

A rollout by user has no bucket for them, and a rule about users does not match them. They pass where users decide:
otherwise the module would work for users of a rollout but its background work would not, even at 100 %. A flag that is
off by the platform, the plan, the tenant or a company is closed for them as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.flags.documents import SEGMENT, references_of
from apps.flags.engine import Evaluation
from apps.flags.store.served import View

PERSONAL = frozenset({"user", "email", "role", "roles"})
"""Attributes that only a context with a user has."""


def passes_without_person(view: View, key: str, evaluation: Evaluation, context: Mapping[str, Any]) -> bool:
    """Whether the evaluation that closes the gate has no user, and would need one."""
    if "user" in context:
        return False
    document = view.document(key) or {}
    if evaluation.reason in ("ROLLOUT", "NARROWED_BY_TENANT"):
        return _is_outside_without_unit(view, key, context) or (
            evaluation.rule is not None and _names_persons(document.get("rules"), view)
        )
    return evaluation.reason in ("DEFAULT", "RULE_MATCH", "SPLIT") and _names_persons(
        document.get("rules"), view
    )


def _is_outside_without_unit(view: View, key: str, context: Mapping[str, Any]) -> bool:
    """The percentage of the flag or of the tenant decided, by a unit that the context lacks."""
    layers = view.explain(key, None, context).layers
    units = next(
        (layer.detail["unit"] for layer in layers if layer.passed is False and "unit" in layer.detail), ()
    )
    names = {unit.removeprefix("attribute:") for unit in units}
    return bool(names) and names <= PERSONAL


def _names_persons(rules: Any, view: View) -> bool:
    """A rule, or a segment in it, has a condition on users or places them."""
    segments: Mapping[str, Any] = getattr(view, "segments", {})
    wave, seen = {"": rules}, {""}
    while wave:
        if any(not PERSONAL.isdisjoint(_attributes(part)) for part in wave.values()):
            return True
        named = {
            name for part in wave.values() for kind, name in references_of({"": part}) if kind == SEGMENT
        }
        wave = {name: segments[name] for name in named - seen if name in segments}
        seen |= named
    return False


def _attributes(value: Any) -> Iterator[str]:
    """Those of conditions and units, anywhere inside."""
    if isinstance(value, Mapping):
        for name in ("attribute", "unit"):
            named = value.get(name)
            for one in named if isinstance(named, list) else [named]:
                yield str(one).removeprefix("attribute:")
        for inner in value.values():
            yield from _attributes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _attributes(inner)
