"""A document of flagd → native documents. Targeting stays a program in JsonLogic, so each unit keeps its bucket."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..fields import at, is_number
from ..jsonlogic import is_operation, operations
from ..outcomes import Problem
from .imported import Imported, native_keys

_KNOWN = frozenset({"state", "variants", "defaultVariant", "targeting", "metadata", "source", "selector"})
TARGETING, DEFAULT = "targeting", "default"  # names of rules
MIXED = "mixed"


def import_flagd(document: Any, *, targeting_key: str = "user") -> Imported:
    """`targeting_key` is the native attribute that has the role of flagd's targetingKey."""
    problems: list[Problem] = []
    if not isinstance(document, Mapping):
        return Imported((), (), (Problem("wrong_type", "", "an object is needed here"),), {})
    flags = _object(document, "flags", problems)
    evaluators = _object(document, "$evaluators", problems)
    _object(document, "metadata", problems)
    keys = native_keys(flags)
    natives = [
        native
        for name, flag in flags.items()
        if (native := _native(_Flag(name, keys[name], flag, problems), evaluators, targeting_key)) is not None
    ]
    imported = {native["metadata"]["flagd"]["key"] for native in natives}
    keys = {name: key for name, key in keys.items() if name in imported}
    return Imported(tuple(natives), (), tuple(problems), keys)


def _object(document: Mapping[str, Any], name: str, problems: list[Problem]) -> Mapping[str, Any]:
    value = document.get(name) or {}
    if isinstance(value, Mapping):
        return value
    problems.append(Problem("wrong_type", at("", name), f"{name!r} must be an object"))
    return {}


def _native(flag: _Flag, evaluators: Mapping[str, Any], targeting_key: str) -> dict[str, Any] | None:
    try:
        return flag.document(evaluators, targeting_key)
    except RecursionError:
        flag.refuse("too_deep", "the flag nests too deep")
        return None


def resolved(node: Any, evaluators: Mapping[str, Any]) -> Any:
    """With evaluators instead of their references, in their order: an evaluator may refer to a later one."""
    for name, rule in evaluators.items():
        node = _with(node, {"$ref": name}, rule)
    return node


def _with(node: Any, reference: Mapping[str, str], rule: Any) -> Any:
    if isinstance(node, list):
        return [_with(member, reference, rule) for member in node]
    if isinstance(node, dict):
        if node == reference:
            return rule
        return {name: _with(member, reference, rule) for name, member in node.items()}
    return node


class _Flag:
    def __init__(self, name: str, key: str, flag: Any, problems: list[Problem]) -> None:
        self.name, self.key, self.problems, self.pointer = name, key, problems, at("/flags", name)
        self.flag: Mapping[str, Any] = flag if isinstance(flag, Mapping) else {}
        self.is_refused = False
        if flag is not self.flag:
            self.refuse("wrong_type", "a flag is an object")

    def refuse(self, code: str, message: str, *steps: str) -> None:
        self.is_refused = True
        self.problems.append(Problem(code, at(self.pointer, *steps), f"{message}: the flag is not imported"))

    def warn(self, code: str, message: str, *steps: str) -> None:
        self.problems.append(Problem(code, at(self.pointer, *steps), message, True))

    def document(self, evaluators: Mapping[str, Any], targeting_key: str) -> dict[str, Any] | None:
        """None if flagd refuses the flag."""
        flag = self.flag = resolved(self.flag, evaluators)
        self._check()
        if self.is_refused:
            return None
        variants = {name: value for name, value in flag["variants"].items() if name}  # the name "" is none
        kind = _type(variants.values())
        if kind == MIXED:
            self.warn(
                "mixed_types", "the variants have several types: each value is the member `value`", "variants"
            )
        rules = []
        if flag.get("targeting"):
            program = {"flag_key": self.name, "logic": self._logic(), "targeting_key": targeting_key}
            rules.append({"name": TARGETING, "choose": {"json-logic": program}})
        default = self._default()
        if default is not None and default not in variants:
            self.warn(
                "unknown_variant",
                f"the flag has no variant {default!r}: its evaluation fails",
                "defaultVariant",
            )
            rules.append(
                {"name": DEFAULT, "choose": {"json-logic": {"flag_key": self.name, "logic": default}}}
            )
            default = None
        return {
            "format": 1,
            "key": self.key,
            "type": "object" if kind == MIXED else kind,
            "variants": {name: {"value": value} for name, value in variants.items()}
            if kind == MIXED
            else variants,
            "enabled": flag["state"] == "ENABLED",
            "off_variant": None,
            "default_variant": default,
            "rules": rules,
            "dialect": {"off": "caller"},
            "metadata": {"flagd": {"key": self.name, "metadata": flag.get("metadata") or {}}},
        }

    def _check(self) -> None:
        flag = self.flag
        if flag.get("state") not in ("ENABLED", "DISABLED"):
            self.refuse("bad_value", "the state is ENABLED or DISABLED", "state")
        if not isinstance(flag.get("variants"), dict) or not flag["variants"]:
            self.refuse("no_variants", "a flag has at least one variant", "variants")
        default = flag.get("defaultVariant")
        if default and not isinstance(default, str | bool):
            self.refuse("wrong_type", "the name of a variant is needed", "defaultVariant")
        metadata = flag.get("metadata") or {}
        if not isinstance(metadata, dict) or not all(map(_is_scalar, metadata.values())):
            self.refuse("wrong_type", "metadata are texts, numbers and booleans by name", "metadata")
        for name in sorted(flag.keys() - _KNOWN):
            self.warn("unknown_field", f"no field has the name {name!r}: it is ignored", name)
        for name in sorted(set(operations(flag.get("targeting")))):
            if not is_operation(name):
                self.warn(
                    "unknown_operation", f"an evaluation that reaches the operation {name!r} fails", TARGETING
                )

    def _logic(self) -> Any:
        """What is no object is no program: its evaluation fails as that of an unknown operation does."""
        targeting = self.flag["targeting"]
        if isinstance(targeting, dict):
            return targeting
        self.warn("wrong_type", "targeting is an object: the evaluation fails", TARGETING)
        return {"no program": []}

    def _default(self) -> str | None:
        """A boolean is the name of a variant; an empty name is none."""
        default = self.flag.get("defaultVariant")
        if isinstance(default, bool):
            return "true" if default else "false"
        return default or None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _type(values: Collection[Any]) -> str:
    """The type of all values."""
    for kind, types in (("boolean", bool), ("string", str), ("object", (dict, list))):
        if all(isinstance(value, types) for value in values):
            return kind
    if all(map(is_number, values)):
        return "integer" if all(isinstance(value, int) for value in values) else "float"
    return MIXED
