"""Native documents → the state of Unleash, which its client SDKs evaluate.

A boolean flag is enabled where its value is true. A flag of another type is enabled where it has a value, which is the
payload of its variant. Each step is a strategy; the first strategy that holds decides, as the first rule does.

Percentages are those of `flexibleRollout`: bucketers that place units as it does, in whole percentages. A split into
variants has no counterpart for native bucketers, whose hash is another one than that of Unleash.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..bucketers import NATIVE
from ..definitions import Flag, Segment, Serves, Share
from ..reading import read_flag, read_segment
from ..units import CONSTANT
from ..unleash.dialect import BUCKETER as IMPORTED
from .inexpressible import NOTHING, Export, Inexpressible, Known
from .literals import Alternatives, alternatives_of, both, name_of, neither, sorted_documents
from .steps import Step, steps_of

PROJECT = "default"
_WHOLE_WEIGHT = 1000
_PAYLOADS: Mapping[str, str] = {"string": "string", "integer": "number", "float": "number", "object": "json"}
_DEFAULT = (("user", "sessionId", "random"), ("userId", "sessionId", "random"))
"""The units of the stickiness `default`."""
BUCKETERS = frozenset({NATIVE, IMPORTED})
"""Of which a whole percentage of units is that of `flexibleRollout`."""


def unleash_state(
    documents: Iterable[Mapping[str, Any]], segments: Mapping[str, Mapping[str, Any]], known: Known = NOTHING
) -> Export:
    """All flags that Unleash can express."""
    read = {str(document.get("key")): read_flag(document) for document in documents}
    flags = {key: reading.flag for key, reading in read.items() if reading.flag is not None}
    left_out = {key: "its document is not valid" for key in read if key not in flags}
    conditions = _segments(segments)
    features = {}
    for key in sorted(flags):
        try:
            features[key] = _feature(flags[key], flags, conditions, known)
        except Inexpressible as reason:
            left_out[key] = str(reason)
    _leave_out_dependents(features, left_out)
    state = {"version": 2, "features": [*features.values()], "segments": [], "query": {}}
    return Export(state, dict(sorted(left_out.items())))


def _segments(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Segment]:
    read = {key: read_segment(document).segment for key, document in documents.items()}
    return {key: segment for key, segment in read.items() if segment is not None}


def _feature(
    flag: Flag, flags: Mapping[str, Flag], segments: Mapping[str, Segment], known: Known
) -> dict[str, Any]:
    strategies = _strategies(flag, steps_of(flag, segments, known))
    return {
        "name": flag.key,
        "type": "release",
        "description": "",
        "enabled": bool(strategies),
        "project": PROJECT,
        "stale": False,
        "impressionData": False,
        "strategies": strategies,
        "variants": [],
        "dependencies": [_dependency(flag, serves, flags) for serves in flag.prerequisites],
    }


def _dependency(flag: Flag, serves: Serves, flags: Mapping[str, Flag]) -> dict[str, Any]:
    """Unleash has no dependency of a dependency."""
    parent = flags.get(serves.flag)
    if parent is None or parent.prerequisites:
        raise Inexpressible(f"its prerequisite “{serves.flag}” has prerequisites, or is not there")
    if flag.type != "boolean" and flag.off_variant is not None:
        raise Inexpressible("without its prerequisite it has a value")
    if parent.type != "boolean":
        return {"feature": parent.key, "enabled": True, "variants": list(serves.variants)}
    on = {name for name, value in parent.variants.items() if value is True}
    if on != {*serves.variants}:
        raise Inexpressible(f"it depends on the flag “{parent.key}” being off, or on one of its variants")
    return {"feature": parent.key, "enabled": True}


def _leave_out_dependents(features: dict[str, Any], left_out: dict[str, str]) -> None:
    for key in [*features]:
        for dependency in features[key]["dependencies"]:
            if dependency["feature"] not in features:
                left_out[key] = f"its prerequisite “{dependency['feature']}” is left out"
                features.pop(key, None)


def _strategies(flag: Flag, steps: Iterable[Step]) -> list[dict[str, Any]]:
    """A step that enables nothing has no strategy: it is negated in the steps behind it, unless none follows."""
    strategies: list[dict[str, Any]] = []
    closed: Alternatives = []
    wanted = [*steps]
    while wanted and not _enables(flag, wanted[-1].variant):
        wanted.pop()
    for step in wanted:
        alternatives = alternatives_of(step.when)
        if _enables(flag, step.variant):
            remaining = both(alternatives, neither(closed)) if closed else alternatives
            strategies += [_strategy(flag, step, sorted_documents(one)) for one in remaining]
        elif step.share is not None:
            raise Inexpressible("a percentage is excluded")
        else:
            closed = [*closed, *alternatives]
    return strategies


def _enables(flag: Flag, variant: str | None) -> bool:
    return variant is not None and (flag.type != "boolean" or flag.variants[variant] is True)


def _strategy(flag: Flag, step: Step, constraints: list[dict[str, Any]]) -> dict[str, Any]:
    shown = {"name": "default", "parameters": {}} if step.share is None else _rollout(step.share)
    variants = [] if flag.type == "boolean" else [_variant(flag, str(step.variant))]
    return {**shown, "constraints": constraints, "segments": [], "variants": variants}


def _rollout(share: Share) -> dict[str, Any]:
    whole = round(share.percentage)
    if share.bucketer not in BUCKETERS or share.seed or abs(whole - share.percentage) > 1e-9:
        raise Inexpressible(f"{share.percentage:g} % of units by the bucketer {share.bucketer}")
    return {
        "name": "flexibleRollout",
        "parameters": {"rollout": str(whole), "stickiness": _stickiness(share), "groupId": share.salt},
    }


def _stickiness(share: Share) -> str:
    names = tuple(unit.partition(":")[2] or unit for unit in share.units)
    if names in _DEFAULT:
        return "default"
    if len(names) != 1 or share.units[0].startswith(CONSTANT):
        raise Inexpressible("the first of several units decides")
    return name_of(names[0])


def _variant(flag: Flag, name: str) -> dict[str, Any]:
    value = flag.variants[name]
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    payload = {"type": _PAYLOADS[flag.type], "value": text}
    return {"name": name, "weight": _WHOLE_WEIGHT, "stickiness": "random", "payload": payload}
