"""The state that a sequence of events of Unleash's delta API leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...fields import at
from ...outcomes import Problem
from ..shapes import shaped
from .shapes import FEATURE, SEGMENT, STATE


def state_of(document: Any, problems: list[Problem]) -> tuple[dict[str, Any], dict[Any, Any]]:
    """The features by name and the segments by id; of several the last one."""
    document = shaped(document, STATE, "", problems) or {}
    features: dict[str, Any] = {}
    segments: dict[Any, Any] = {}
    _take(document, "", features, segments, problems)
    for index, event in enumerate(document.get("events", ())):
        pointer = at("/events", index)
        match event.get("type"):
            case "hydration":
                features.clear()
                segments.clear()
                _take(event, pointer, features, segments, problems)
            case "feature-updated":
                _put(features, "name", event.get("feature"), at(pointer, "feature"), problems)
            case "feature-removed":
                features.pop(event.get("featureName"), None)
            case "segment-updated":
                _put(segments, "id", event.get("segment"), at(pointer, "segment"), problems)
            case "segment-removed":
                segments.pop(event.get("segmentId"), None)
            case other:
                problems.append(
                    Problem("unknown_event", pointer, f"there is no event {other!r}: it is ignored", True)
                )
    return features, segments


def _take(
    document: Mapping[str, Any],
    pointer: str,
    features: dict[str, Any],
    segments: dict[Any, Any],
    problems: list[Problem],
) -> None:
    for name, key, target in (("features", "name", features), ("segments", "id", segments)):
        members = document.get(name)
        for index, member in enumerate(members if isinstance(members, list) else []):
            _put(target, key, member, at(pointer, name, index), problems)


def _put(target: dict[Any, Any], key: str, member: Any, pointer: str, problems: list[Problem]) -> None:
    """With its pointer, and whether its shape is as it must be."""
    wrong: list[Problem] = []
    member = shaped(member, FEATURE if key == "name" else SEGMENT, pointer, wrong) or {}
    problems.extend(wrong)
    if key not in member:
        problems.append(Problem("missing_field", pointer, f"it has no {key} and is not imported"))
        return
    target.pop(member[key], None)
    target[member[key]] = {**member, "pointer": pointer, "is_well_formed": not wrong}
