"""The shapes of Unleash's documents."""

from __future__ import annotations

from ..shapes import TEXT, Shape

_CONSTRAINT: Shape = {
    "contextName": str,
    "operator": str,
    "value": TEXT,
    "values": [TEXT],
    "inverted": bool,
    "caseInsensitive": bool,
}
_VARIANT: Shape = {
    "name": str,
    "weight": int,
    "stickiness": str,
    "payload": {"type": str, "value": TEXT},
    "overrides": [{"contextName": str, "values": [TEXT]}],
}
_STRATEGY: Shape = {
    "name": str,
    "parameters": {...: TEXT},
    "constraints": [_CONSTRAINT],
    "segments": [(int, str)],
    "variants": [_VARIANT],
}
FEATURE: Shape = {
    "name": str,
    "enabled": bool,
    "strategies": [_STRATEGY],
    "variants": [_VARIANT],
    "dependencies": [{"feature": str, "enabled": bool, "variants": [str]}],
}
SEGMENT: Shape = {"id": (int, str), "name": str, "constraints": [_CONSTRAINT]}
STATE: Shape = {"features": [dict], "segments": [dict], "events": [{"type": str}]}
