"""Documents of flags, rules and segments for tests of the engine, the one of the wheel too."""

from __future__ import annotations

from typing import Any

from .flag_engine import engine


def flag(key: str = "screen", **fields: Any) -> dict[str, Any]:
    """A boolean flag that is on for everyone."""
    return {
        "format": 1,
        "key": key,
        "type": "boolean",
        "variants": {"on": True, "off": False},
        "enabled": True,
        "off_variant": "off",
        "default_variant": "on",
        **fields,
    }


def targeted(*conditions: Any, key: str = "screen", **fields: Any) -> dict[str, Any]:
    """A flag that is on where one of the conditions holds."""
    rules = [{"name": f"r{n}", "when": when, "serve": "on"} for n, when in enumerate(conditions, 1)]
    return flag(key, default_variant="off", rules=rules, **fields)


def segment(key: str, when: Any) -> dict[str, Any]:
    return {"format": 1, "key": key, "when": when}


def where(attribute: str, op: str, *values: Any, **fields: Any) -> dict[str, Any]:
    """A condition of one attribute."""
    return {"attribute": attribute, "op": op, "values": list(values), **fields}


def rules_of(*documents: Any, segments: Any = (), environment: Any = None, **entry: Any) -> Any:
    """A rule set of documents, all of revision 7."""
    return engine.RuleSet(
        [engine.Entry(document, **{"revision": 7, **entry}) for document in documents],
        [engine.Entry(document, 8) for document in segments],
        environment or {},
    )


def holds(condition: Any, /, **context: Any) -> bool:
    """Whether a condition holds for a context."""
    reason: str = rules_of(targeted(condition)).evaluate("screen", None, context).reason
    return reason == "RULE_MATCH"
