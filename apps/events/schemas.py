"""The shape of each event in each of its versions.

Events are kept for months and heard by releases that were not there when they were told. So the shape of a version
is committed, in `schemas.json`, and never changes: who changes the fields raises the version and says in `upcast`
how the old payload reads today.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .base import EVENTS, Event

FILE = Path(__file__).with_name("schemas.json")
Schemas = dict[str, dict[str, str]]


def ours() -> Iterable[type[Event]]:
    """The events of the apps, without those of a test."""
    return sorted(
        (event for event in EVENTS.values() if event.__module__.startswith("apps.")),
        key=lambda each: each.name,
    )


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of its payload."""
    shape: Any = event
    return TypeAdapter(shape).json_schema(mode="serialization")


def fingerprint(event: type[Event]) -> str:
    """The same for the same fields, whatever is written about them."""
    said = json.dumps(_without_words(schema(event)), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def committed() -> Schemas:
    """{"entry.posted": {"1": "9f86d081884c7d65"}}"""
    schemas: Schemas = json.loads(FILE.read_text()) if FILE.exists() else {}
    return schemas


def completed() -> Schemas:
    """The committed shapes and those of versions that are new. What is there stays."""
    schemas = committed()
    for event in ours():
        schemas.setdefault(event.name, {}).setdefault(str(event.version), fingerprint(event))
    return dict(sorted(schemas.items()))


def write() -> None:
    FILE.write_text(json.dumps(completed(), indent=1) + "\n")


def changed() -> list[type[Event]]:
    """Those whose fields are not what was committed for their version."""
    known = committed()
    return [
        event
        for event in ours()
        if known.get(event.name, {}).get(str(event.version), fingerprint(event)) != fingerprint(event)
    ]


def without_a_way() -> list[type[Event]]:
    """Those that have an older version and do not say how it reads today."""
    known = committed()
    return [
        event
        for event in ours()
        if any(int(version) < event.version for version in known.get(event.name, {}))
        and event.upcast.__func__ is Event.upcast.__func__  # type: ignore[attr-defined]
    ]


def _without_words(said: Any) -> Any:
    if isinstance(said, dict):
        return {
            key: _without_words(value)
            for key, value in said.items()
            if key not in ("title", "description") or isinstance(value, dict)
        }
    return [_without_words(each) for each in said] if isinstance(said, list) else said
