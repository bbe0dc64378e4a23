"""Why a flag has its value for a context: each layer, with the one that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .bucketers import BUCKETERS
from .definitions import Custom, InSegment, Serves, Share, Test
from .emission import Plan, Trace
from .outcomes import ERROR, LAYERS, Evaluation, Layer
from .units import reader

_NOT_REACHED = tuple(Layer(name, None, "Not reached.", {}) for name in LAYERS)
_PASSED = {
    "global": "The flag is enabled, and neither killed nor switched off by the environment.",
    "tenant": "The plan and the tenant allow the flag.",
    "role": "The flag is for all roles.",
    "prerequisites": "The flag has no prerequisites that fail.",
    "targeting": "No rule matches.",
    "percentage": "The flag is not rolled out by percentage.",
}


class Explainer:
    """Of one flag. `trace` is written from the steps of the plan, as the function that evaluates is."""

    def __init__(self, plan: Plan, trace: Trace) -> None:
        self.plan, self._trace = plan, trace
        self._decided: dict[int, Layer] = {}

    def explain(self, context: Any, default: Any) -> Explanation:
        tests: list[tuple[int, Any]] = []
        decided = -1

        def on_step(number: int, decides: Any) -> Any:
            nonlocal decided
            if decides:
                decided = number
            return decides

        def on_test(number: int, holds: Any) -> Any:
            tests.append((number, holds))
            return holds

        evaluation = self._trace(context, default, on_step, on_test)
        return Explanation(evaluation, self, context, tests, decided)

    @cached_property
    def passed(self) -> Mapping[str, Layer]:
        """The layers that did not decide."""
        texts: dict[str, list[str]] = {}
        for step in self.plan.steps:
            if step.passed:
                texts.setdefault(step.layer, []).append(step.passed.format_map(_readable(step.facts)))
        return {name: Layer(name, True, " ".join(texts.get(name, [_PASSED[name]])), {}) for name in LAYERS}

    @cached_property
    def facts(self) -> tuple[Mapping[str, Any], ...]:
        """What is known of the tests without a context."""
        return tuple(map(_facts, self.plan.tests))

    def decided(self, number: int) -> Layer:
        """The layer of the step that decided, with the message and its facts, for translations."""
        layer = self._decided.get(number)
        if layer is None:
            step = self.plan.steps[number]
            detail = {"message": step.message, **step.facts}
            layer = Layer(step.layer, step.opens, step.message.format_map(_readable(step.facts)), detail)
            self._decided[number] = layer
        return layer


@dataclass
class Explanation:
    """`layers` are all six, in their order."""

    evaluation: Evaluation
    explainer: Explainer | None = None
    context: Any = None
    tests: list[tuple[int, Any]] | tuple[()] = ()
    decided: int = -1  # the number of the step
    error: str = ""

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        explainer = self.explainer
        if explainer is None:
            return (Layer("global", False, self.error, {}), *_NOT_REACHED[1:])
        deciding = explainer.decided(self.decided)
        index = LAYERS.index(deciding.name)
        layers = [*map(explainer.passed.__getitem__, LAYERS[:index]), deciding, *_NOT_REACHED[index + 1 :]]
        for number, tests in self._tests_by_layer(explainer).items():
            name, passed, text, detail = layers[number]
            layers[number] = Layer(name, passed, text, {**detail, "tests": tests})
        return tuple(layers)

    @property
    def deciding(self) -> str:
        """The name of the layer that decided."""
        return self.explainer.decided(self.decided).name if self.explainer else "global"

    def _tests_by_layer(self, explainer: Explainer) -> dict[int, list[Mapping[str, Any]]]:
        """What was tested, in the order of the tests."""
        tests: dict[int, list[Mapping[str, Any]]] = {}
        layers, facts = explainer.plan.layers_of_tests, explainer.facts
        for number, holds in self.tests:
            test = facts[number]
            if "attribute" in test:
                test = {**test, "value": self.context.get(test["attribute"]), "holds": bool(holds)}
            elif "percentage" in test:
                test = {**test, **_bucket(explainer.plan.tests[number], self.context), "holds": bool(holds)}
            else:
                test = {**test, "holds": bool(holds)}
            tests.setdefault(layers[number], []).append(test)
        return tests


def _facts(test: Any) -> dict[str, Any]:
    match test:
        case Test():
            return {
                "attribute": test.attribute,
                "op": test.op,
                "values": test.values,
                "negate": test.negate,
            }
        case Share():
            return {"unit": test.units, "percentage": test.percentage}
        case InSegment(key):
            return {"segment": key}
        case Serves(flag, variants):
            return {"flag": flag, "variants": variants}
        case Custom(kind):
            return {"kind": kind}
    return {}


def _bucket(share: Any, context: Mapping[str, Any]) -> dict[str, Any]:
    """The bucket is None for a missing unit; of a random unit it is that of another draw."""
    unit = reader(share.units)(context)
    bucket = None if unit is None else BUCKETERS[share.bucketer].bucket(share.salt, unit, share.seed)
    return {"value": unit, "bucket": bucket}


def failed(default: Any, error: BaseException) -> Explanation:
    """The evaluation raised."""
    text = f"The evaluation failed: {error!r:.500}"
    return Explanation(Evaluation(default, None, ERROR, None, 0), error=text)


def unknown(key: object, evaluation: Evaluation) -> Explanation:
    text = f"No flag has the key {key!r:.120}." if isinstance(key, str) else "The key of a flag is text."
    return Explanation(evaluation, error=text)


def _readable(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Several names in one text."""
    return {
        name: ", ".join(map(str, fact)) if isinstance(fact, tuple) else fact for name, fact in facts.items()
    }
