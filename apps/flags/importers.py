"""Evaluators of peers' documents in the form that the peers' suites expect: the documents are imported, and evaluated
by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .engine import RuleSet, Tally
from .engine.importers import Imported, import_flagd, import_unleash
from .engine.importers.unleash import FIELDS, text_of
from .engine.jsonlogic import UnknownOperation

_TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "object": (dict, list),
}


class UnleashEvaluator:
    def __init__(self, state: Mapping[str, Any]) -> None:
        self.imported = import_unleash(state, names={})
        self._rules = RuleSet(*self.imported.entries())

    def is_enabled(self, name: str, context: Mapping[str, Any] | None) -> bool:
        return self._served(name, context) is not None

    def get_variant(self, name: str, context: Mapping[str, Any] | None) -> dict[str, Any]:
        value = self._served(name, context)
        if not isinstance(value, dict) or "name" not in value:
            return {"name": "disabled", "enabled": False, "feature_enabled": value is not None}
        return {**value, "enabled": True, "feature_enabled": True}

    def _served(self, name: str, context: Mapping[str, Any] | None) -> Any:
        """The value of a feature that is on."""
        key = self.imported.keys.get(name)
        if key is None:
            return None
        evaluation = self._rules.evaluate(key, None, flat(context or {}))
        return (
            None
            if evaluation.variant in (None, self._rules.document(key)["off_variant"])
            else evaluation.value
        )


def flat(context: Mapping[str, Any]) -> dict[str, str | None]:
    """Unleash's context: its fields, and the properties beside them. A field counts for more than a property of its
    name, even if it is null; of other names, only a text does."""
    properties = context.get("properties")
    named = properties.items() if isinstance(properties, Mapping) else ()
    attributes: dict[str, str | None] = {
        name: text for name, value in named if (text := text_of(value)) is not None
    }
    for name, value in context.items():
        if name in FIELDS or (name != "properties" and isinstance(value, str)):
            attributes[name] = text_of(value)
    if attributes.get("currentTime") is None:
        attributes["currentTime"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return attributes


class FlagdEvaluator:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.imported: Imported = import_flagd(document, targeting_key="targetingKey")
        self._flags, self._metadata = (_object(document, name) for name in ("flags", "metadata"))
        self._failure: BaseException | str = ""
        self._rules = RuleSet(*self.imported.entries(), tally=Tally(on_error=self._failed))

    def _failed(self, key: str, error: BaseException | str) -> None:
        self._failure = error

    def evaluate(self, key: str, kind: str, default: Any, context: Mapping[str, Any]) -> dict[str, Any]:
        """`kind` is the type that the caller expects."""
        native = self.imported.keys.get(key)
        if native is None:
            return _error(default, "PARSE_ERROR" if key in self._flags else "FLAG_NOT_FOUND")
        evaluation = self._rules.evaluate(native, default, context)
        if evaluation.reason == "ERROR":
            return _error(
                default, "PARSE_ERROR" if isinstance(self._failure, UnknownOperation) else "GENERAL"
            )
        flag = self._flags[key]
        metadata = {**self._metadata, **(flag.get("metadata") or {})}
        if evaluation.variant is None:
            reason = "DISABLED" if evaluation.reason == "DISABLED" else "DEFAULT"
            return _resolved(default, reason, None, metadata, kind)
        value, targeted = flag["variants"][evaluation.variant], evaluation.reason == "RULE_MATCH"
        if targeted and value is None:
            return _error(default, "GENERAL")
        if not _is_of(value, kind.lower()):
            return _error(default, "TYPE_MISMATCH")
        reason = "TARGETING_MATCH" if targeted else "DEFAULT" if flag.get("targeting") else "STATIC"
        return _resolved(value, reason, evaluation.variant, metadata, kind)


def _object(document: Any, name: str) -> Mapping[str, Any]:
    value = document.get(name) if isinstance(document, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _is_of(value: Any, kind: str) -> bool:
    """A boolean is a number to flagd where a float is expected, and none where an integer is."""
    return isinstance(value, _TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def _resolved(
    value: Any, reason: str, variant: str | None, metadata: Mapping[str, Any], kind: str
) -> dict[str, Any]:
    value = float(value) if kind.lower() == "float" and isinstance(value, int) else value
    return {"value": value, "reason": reason, "variant": variant, "error_code": None, "metadata": metadata}


def _error(default: Any, code: str) -> dict[str, Any]:
    return {"value": default, "reason": "ERROR", "variant": None, "error_code": code, "metadata": {}}


def unleash_evaluator(state: Mapping[str, Any]) -> UnleashEvaluator:
    return UnleashEvaluator(state)


def flagd_evaluator(document: Mapping[str, Any]) -> FlagdEvaluator:
    return FlagdEvaluator(document)
