"""A state of Unleash → native flags and segments, with the dependencies between features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...fields import at
from ...outcomes import Problem
from ...unleash.dialect import DIALECT
from ..imported import Imported, native_keys
from .constraints import Condition, Refused, condition_of
from .delta import state_of
from .features import Feature

NATIVE_NAMES: Mapping[str, str] = {"userId": "user", "remoteAddress": "ip", "currentTime": "now"}


def import_unleash(document: Mapping[str, Any], *, names: Mapping[str, str] = NATIVE_NAMES) -> Imported:
    """`names` are the native names of Unleash's attributes."""
    problems: list[Problem] = []
    features, segments = state_of(document, problems)
    natives, keys = _segments(segments, names, problems)
    flag_keys = native_keys(features)
    read = {
        name: Feature(feature, flag_keys[name], keys, names, problems) for name, feature in features.items()
    }
    flags = tuple(_flag(feature, read, problems) for feature in read.values())
    return Imported(flags, tuple(natives), tuple(problems), flag_keys)


def _segments(
    segments: Mapping[Any, Any], names: Mapping[str, str], problems: list[Problem]
) -> tuple[list[Mapping[str, Any]], dict[Any, str | Refused]]:
    """The documents, and the key of each, or why Unleash cannot compile it."""
    natives: list[Mapping[str, Any]] = []
    keys: dict[Any, str | Refused] = {}
    for number, segment in segments.items():
        pointer = segment["pointer"]

        def warn(code: str, message: str, pointer: str = pointer) -> None:
            problems.append(Problem(code, pointer, message, True))

        try:
            conditions = [
                condition_of(constraint, names, warn) for constraint in segment.get("constraints") or []
            ]
        except Refused as refused:
            problems.append(Problem(refused.code, pointer, str(refused)))
            keys[number] = refused
            continue
        keys[number] = f"unleash-segment-{number}"
        description = str(segment.get("name") or "")
        natives.append(
            {
                "format": 1,
                "key": keys[number],
                "when": {"all": conditions},
                "dialect": dict(DIALECT),
                "description": description,
            }
        )
    return natives, keys


def _flag(feature: Feature, features: Mapping[str, Feature], problems: list[Problem]) -> dict[str, Any]:
    rules: list[dict[str, Any]] = []
    prerequisites: list[dict[str, Any]] = []
    closed = False
    for index, dependency in enumerate(feature.dependencies):
        pointer = at(feature.pointer, "dependencies", index)
        parent = features.get(str(dependency.get("feature")))
        if parent is None or parent.dependencies:
            message = (
                "is no feature"
                if parent is None
                else "has dependencies itself, which Unleash does not evaluate"
            )
            problems.append(
                Problem(
                    "bad_dependency", pointer, f"{dependency.get('feature')!r} {message}: the flag is closed"
                )
            )
            closed = True
        elif _is_plain(parent, dependency):
            prerequisites.append({"flag": parent.key, "variants": _served(parent, dependency)})
        else:
            unmet = {"not": _as_dependency(parent, dependency, feature.name)}
            rules.append(
                {"name": f"dependency {index + 1}: {parent.name}", "when": unmet, "serve": feature.off}
            )
    flag = feature.flag(rules, closed=closed)
    if prerequisites:
        flag["prerequisites"] = prerequisites
    return flag


def _is_on(dependency: Mapping[str, Any]) -> bool:
    return dependency.get("enabled") is not False


def _wanted(dependency: Mapping[str, Any]) -> Sequence[str]:
    return dependency.get("variants") or ()


def _is_plain(parent: Feature, dependency: Mapping[str, Any]) -> bool:
    """What the parent serves decides. Not so if Unleash evaluates the parent in another way for its child: a rollout
    without a group has the child's name as its group, and a parent that is off has a variant nevertheless."""
    groups = all(strategy.share is None or strategy.share.group is not None for strategy in parent.strategies)
    return groups and (_is_on(dependency) or not (_wanted(dependency) and parent.values))


def _served(parent: Feature, dependency: Mapping[str, Any]) -> list[str]:
    """A parent that is on without a variant is as good as one with a variant that is wanted."""
    if not _is_on(dependency):
        return [parent.off]
    wanted = _wanted(dependency)
    named = [key for name in wanted for key in parent.native(name)] if wanted else list(parent.values)
    return [parent.on, *named]


def _as_dependency(parent: Feature, dependency: Mapping[str, Any], child: str) -> Condition:
    holds = parent.holds(child)
    condition: Condition = holds if _is_on(dependency) else {"not": holds}
    wanted = _wanted(dependency)
    return {"all": [condition, parent.would_serve(wanted, child)]} if wanted else condition
