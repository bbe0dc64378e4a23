"""A state of Unleash → native flags and segments, with the dependencies between features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...fields import at
from ...outcomes import Problem
from ...unleash.dialect import DIALECT
from ..imported import Imported, native_keys
from .conditions import ALWAYS, NEVER, Condition, every, inverse
from .constraints import Refused, condition_of
from .delta import state_of
from .features import Feature

NATIVE_NAMES: Mapping[str, str] = {"userId": "user", "remoteAddress": "ip", "currentTime": "now"}


def import_unleash(document: Any, *, names: Mapping[str, str] = NATIVE_NAMES) -> Imported:
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
            if "constraints" not in segment or not segment["is_well_formed"]:
                raise Refused(
                    "wrong_type", "a segment has a list of constraints: flags with this one are closed"
                )
            conditions = [condition_of(constraint, names, warn) for constraint in segment["constraints"]]
        except Refused as refused:
            problems.append(Problem(refused.code, pointer, str(refused)))
            keys[number] = refused
            continue
        name = f"unleash-segment-{number}"
        keys[number] = key = native_keys([name])[name]
        about = {"dialect": dict(DIALECT), "description": segment.get("name", "")}
        natives.append({"format": 1, "key": key, "when": {"all": conditions}, **about})
    return natives, keys


def _flag(feature: Feature, features: Mapping[str, Feature], problems: list[Problem]) -> dict[str, Any]:
    rules: list[dict[str, Any]] = []
    prerequisites: list[dict[str, Any]] = []
    closed = False
    for index, dependency in enumerate(feature.dependencies):
        pointer, name = at(feature.pointer, "dependencies", index), str(dependency.get("feature"))
        parent = features.get(name)
        if parent is None or parent.dependencies:
            reason = (
                "is no feature" if parent is None else "has dependencies, which Unleash does not evaluate"
            )
            problems.append(Problem("bad_dependency", pointer, f"{name!r} {reason}: the flag is closed"))
            closed = True
        elif _is_plain(parent, dependency):
            prerequisites.append({"flag": parent.key, "variants": _served(parent, dependency)})
        else:
            message = f"the flag has a copy of the rules of {name!r}, and does not follow its changes"
            problems.append(Problem("copied_dependency", pointer, message, True))
            unmet = inverse(_as_dependency(parent, dependency, feature.name))
            closed = closed or unmet == ALWAYS
            rules.append({"name": f"dependency {index + 1}: {name}", "when": unmet, "serve": feature.off})
    flag = feature.flag([rule for rule in rules if rule["when"] not in (ALWAYS, NEVER)], closed=closed)
    return {**flag, "prerequisites": prerequisites} if prerequisites else flag


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
    wanted = _wanted(dependency)
    condition = inverse(holds, not _is_on(dependency))
    return every([condition, parent.would_serve(wanted, child)]) if wanted else condition
