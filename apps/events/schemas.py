"""The schema of each event in each version.

Events are stored for months and handled by later releases. So the schema of a version is committed in `schemas.json`
and never changes; a change of fields raises the version and adds an `upcast` of old payloads.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from inspect import getattr_static
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from .base import EVENTS, Event

FILE = Path(__file__).with_name("schemas.json")
Schemas = dict[str, dict[str, str]]


def app_events() -> Iterable[type[Event]]:
    """The events of the apps, without the events of tests."""
    return sorted(
        (event for event in EVENTS.values() if event.__module__.startswith("apps.")),
        key=lambda event: event.name,
    )


def schema(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of the payload."""
    shape: Any = event
    return TypeAdapter(shape).json_schema(mode="serialization")


def fingerprint(event: type[Event]) -> str:
    """A hash of the fields, without titles and descriptions."""
    fields = json.dumps(_without_texts(schema(event)), sort_keys=True)
    return hashlib.sha256(fields.encode()).hexdigest()[:16]


def committed() -> Schemas:
    """{"entry.posted": {"1": "9f86d081884c7d65"}}"""
    schemas: Schemas = json.loads(FILE.read_text()) if FILE.exists() else {}
    return schemas


def completed() -> Schemas:
    """The committed fingerprints and the fingerprints of new versions."""
    schemas = committed()
    for event in app_events():
        schemas.setdefault(event.name, {}).setdefault(str(event.version), fingerprint(event))
    return dict(sorted(schemas.items()))


def write() -> None:
    FILE.write_text(json.dumps(completed(), indent=1) + "\n")


def changed() -> list[type[Event]]:
    """Events whose fields differ from the committed schema of their version."""
    known = committed()
    return [
        event
        for event in app_events()
        if known.get(event.name, {}).get(str(event.version), fingerprint(event)) != fingerprint(event)
    ]


def without_upcast() -> list[type[Event]]:
    """Events with older versions and without an upcast."""
    known = committed()
    return [
        event
        for event in app_events()
        if any(int(version) < event.version for version in known.get(event.name, {}))
        and getattr_static(event, "upcast") is getattr_static(Event, "upcast")
    ]


def _without_texts(schema_node: Any) -> Any:
    if isinstance(schema_node, dict):
        return {
            key: _without_texts(value)
            for key, value in schema_node.items()
            if key not in ("title", "description") or isinstance(value, dict)
        }
    return [_without_texts(item) for item in schema_node] if isinstance(schema_node, list) else schema_node
