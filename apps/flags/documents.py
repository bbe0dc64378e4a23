"""Documents of flags, segments and overrides: their canonical JSON, their digest, and what they refer to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

FLAG, SEGMENT, OVERRIDE = "flag", "segment", "override"
TARGETING = (
    *("enabled", "off_variant", "default_variant", "variants", "entitlement", "roles"),
    *("prerequisites", "rules", "rollout", "bucketer", "salt"),
)
"""The parts of a flag's document that decide whom it serves what."""
RELATED = ("requires", "excludes", "implies")


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(value: Any) -> str:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def targeting_of(document: Mapping[str, Any] | None) -> dict[str, Any]:
    return {part: document[part] for part in TARGETING if part in document} if document else {}


def references_of(document: Mapping[str, Any] | None) -> set[tuple[str, str]]:
    """The flags and segments that a document names, as (kind, key). Malformed parts name none."""
    return set(_references(document or {}))


def related_keys(document: Mapping[str, Any] | None) -> set[str]:
    """The flags that its conflict rules name."""
    named = [(document or {}).get(relation) for relation in RELATED]
    return {key for keys in named if isinstance(keys, list) for key in keys if isinstance(key, str)}


def _references(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((FLAG, key) for key in related_keys(document))
    yield from _named(document)


def _named(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for kind, name in ((FLAG, "flag"), (SEGMENT, "segment"), (SEGMENT, "canary")):
            if isinstance(value.get(name), str):
                yield kind, value[name]
        for inner in value.values():
            yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
