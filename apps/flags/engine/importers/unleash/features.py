"""A feature of Unleash → a flag: the rules of its strategies, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...fields import at
from ...outcomes import Problem
from ...unleash.dialect import BUCKETER, DIALECT
from ..imported import unused
from .conditions import ALWAYS, NEVER, Condition, either, every, first, inverse
from .constraints import Refused, text_of
from .strategies import Strategy, read_strategy, units_of

_MAX_CHARACTERS = 150  # of the native name of a variant


class Feature:
    """One feature as read. `refusal` is why Unleash closes it, if it does."""

    def __init__(
        self,
        document: Mapping[str, Any],
        key: str,
        segments: Mapping[Any, str | Refused],
        names: Mapping[str, str],
        problems: list[Problem],
    ) -> None:
        self.document, self.key, self.names, self.problems = document, key, names, problems
        self.name, self.pointer = document["name"], document["pointer"]
        self.variants: Sequence[Mapping[str, Any]] = document.get("variants", ())
        self.dependencies: Sequence[Mapping[str, Any]] = document.get("dependencies", ())
        self.refusal: Refused | None = None
        if not document["is_well_formed"]:
            self.refusal = Refused("wrong_type", "a part of the feature has the wrong type")
        self.strategies = tuple(self._strategies(segments))
        self.values, self._keys = self._native_variants()
        if any(variant.get("weight", 0) < 0 for variant in self._all_variants()):
            self._refuse(Refused("bad_value", "a weight is 0 or more: the flag is closed"), self.pointer)
        self.off = unused("off", self.values)
        self.on = unused("on", {*self.values, self.off})

    def _strategies(self, segments: Mapping[Any, str | Refused]) -> Iterator[Strategy]:
        for index, document in enumerate(self.document.get("strategies", ())):
            pointer = at(self.pointer, "strategies", index)
            try:
                yield read_strategy(document, segments, self.names, self._warner(pointer))
            except Refused as refused:
                self._refuse(refused, pointer)

    def _refuse(self, refused: Refused, pointer: str) -> None:
        self.refusal = refused
        self.problems.append(Problem(refused.code, pointer, str(refused)))

    def _warner(self, pointer: str) -> Any:
        return lambda code, message: self.problems.append(Problem(code, pointer, message, True))

    def _native_variants(self) -> tuple[dict[str, Any], dict[int, str]]:
        """Values by native names, and the native name of each variant: two of one name are two if their payloads
        differ."""
        values: dict[str, Any] = {}
        keys: dict[int, str] = {}
        for variant in self._all_variants():
            value = {"name": variant.get("name", ""), "payload": variant.get("payload")}
            same = [key for key, other in values.items() if other == value]
            key = same[0] if same else unused(variant.get("name", "")[:_MAX_CHARACTERS] or "variant", values)
            values[key], keys[id(variant)] = value, key
        return values, keys

    def _all_variants(self) -> Iterator[Mapping[str, Any]]:
        for strategy in self.strategies:
            yield from strategy.variants
        yield from self.variants

    def native(self, name: str) -> list[str]:
        """The native names of variants of this name."""
        return [key for key, value in self.values.items() if value["name"] == name]

    @property
    def enabled(self) -> bool:
        return bool(self.document.get("enabled")) and self.refusal is None

    def flag(self, first_rules: list[dict[str, Any]], *, closed: bool) -> dict[str, Any]:
        """Off where no strategy holds. A flag without variants is a boolean; others have objects as values."""
        values: dict[str, Any] = {self.off: False, self.on: True}
        if self.values:
            values = {self.off: {}, self.on: {}, **self.values}
        return {
            "format": 1,
            "key": self.key,
            "type": "object" if self.values else "boolean",
            "variants": {name: _without_null(value) for name, value in values.items()},
            "enabled": self.enabled and not closed,
            "off_variant": self.off,
            "default_variant": self.off,
            "rules": [*first_rules, *self._reachable(self._rules())],
            "bucketer": BUCKETER,
            "salt": self.name,
            "dialect": dict(DIALECT),
            "metadata": {"unleash": {"name": self.name, "on": self.on}},
        }

    def _rules(self) -> list[dict[str, Any]]:
        if not self.document.get("strategies"):
            return self._rules_of(Strategy("default", ALWAYS, None, (), "default", None), "no strategy")
        return [
            rule
            for index, strategy in enumerate(self.strategies)
            if strategy.when != NEVER
            for rule in self._rules_of(strategy, f"strategy {index + 1}: {strategy.name}")
        ]

    def _reachable(self, rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Without rules for contexts that an earlier rule serves in any case."""
        served: list[Condition | None] = []
        for rule in rules:
            if None in served or rule["when"] in served:
                message = (
                    f"the rule “{rule['name']}” is left out, since an earlier one serves all its contexts"
                )
                self._warner(self.pointer)("unreachable_rule", message)
                continue
            if "serve" in rule and "percentage" not in rule:
                served.append(rule["when"])
            yield rule

    def _rules_of(self, strategy: Strategy, name: str) -> list[dict[str, Any]]:
        """The overrides of the feature's variants come first; a strategy's own variants have none."""
        if not strategy.variants and self.variants:
            return list(self._rules_of_variants(strategy, name))
        result: dict[str, Any] = {"serve": self.on}
        if strategy.variants:
            group = self.name if strategy.group is None else strategy.group
            result = self.split(strategy.variants, strategy.stickiness, group)
        share = {} if strategy.share is None else strategy.share.fields(self.name)
        if share and "split" in result and share["unit"][0] != result["unit"][0]:
            return [_rule(name, strategy.condition(self.name), **result)]
        return [_rule(name, strategy.when, **{**result, **share})]

    def _rules_of_variants(self, strategy: Strategy, name: str) -> Iterator[dict[str, Any]]:
        """Each context is placed at most once, since a random placement would differ the second time."""
        condition, none_before = strategy.condition(self.name), list[Condition]()
        for number, (override, variant) in enumerate(self.overrides(), 1):
            yield _rule(
                f"{name}, override {number}", every([*none_before, override, condition]), serve=variant
            )
            none_before.append(inverse(override))
        split = self.split(self.variants, self._stickiness(), self.name)
        yield _rule(name, every([*none_before, condition]), **split)

    def _stickiness(self) -> str:
        """That of the first variant counts."""
        stickiness = self.variants[0].get("stickiness")
        return "default" if stickiness is None else str(stickiness)

    def overrides(self) -> Iterator[tuple[Condition, str]]:
        for variant in self.variants:
            for override in variant.get("overrides", ()):
                values = [
                    text for value in override.get("values", ()) if (text := text_of(value)) is not None
                ]
                attribute = str(override.get("contextName"))
                if values:
                    test = {"attribute": self.names.get(attribute, attribute), "op": "in", "values": values}
                    yield test, self._keys[id(variant)]

    def split(self, variants: Sequence[Mapping[str, Any]], stickiness: str, group: str) -> dict[str, Any]:
        """As members of a rule. Weights of zero serve the flag without a variant."""
        parts = [[self._keys[id(variant)], max(0, variant.get("weight", 0))] for variant in variants]
        if not any(weight for _, weight in parts):
            self._warner(self.pointer)("no_weight", "all weights are zero: the flag is on without a variant")
            return {"serve": self.on}
        return {"split": parts, "unit": units_of(stickiness, self.names, fallback=True), "salt": group}

    def holds(self, group: str) -> Condition:
        """Whether the feature is on, in rollouts without a group as if it had the name `group`."""
        if not self.enabled:
            return NEVER
        if not self.document.get("strategies"):
            return ALWAYS
        return either(strategy.condition(group) for strategy in self.strategies)

    def would_serve(self, wanted: Sequence[str], group: str) -> Condition:
        """Whether the variant is one of these, also where the feature is off."""
        cases = [
            (override, ALWAYS if self.values[variant]["name"] in wanted else NEVER)
            for override, variant in self.overrides()
        ]
        own = self._falls(self.variants, self._stickiness(), self.name, wanted) if self.variants else ALWAYS
        of_feature = first(cases, own)
        cases = []
        for strategy in () if self.refusal else self.strategies:
            result = of_feature
            if strategy.variants:
                salt = self.name if strategy.group is None else strategy.group
                result = self._falls(strategy.variants, strategy.stickiness, salt, wanted)
            cases.append((strategy.condition(group), result))
        return first(cases, of_feature)

    def _falls(
        self, variants: Sequence[Mapping[str, Any]], stickiness: str, group: str, wanted: Sequence[str]
    ) -> Condition:
        split = self.split(variants, stickiness, group)
        if "split" not in split:
            return ALWAYS
        return {
            "share": {
                **split,
                "among": [key for name in wanted for key in self.native(name)],
                "bucketer": BUCKETER,
            }
        }


def _rule(name: str, when: Condition, **members: Any) -> dict[str, Any]:
    return {"name": name, "when": None if when == ALWAYS else when, **members}


def _without_null(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value
