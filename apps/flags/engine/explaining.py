"""Why a flag has its value for a context: each layer, with the one that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .bucketers import BUCKETERS
from .definitions import Custom, InSegment, Serves, Share, Test
from .emission import Plan, Trace
from .outcomes import ERROR, LAYERS, UNKNOWN_FLAG, Evaluation, Layer
from .units import reader
from .waterfall import Step

NOT_REACHED = "Not reached."
_PASSED = {
    "global": "The flag is enabled, and neither killed nor switched off by the environment.",
    "tenant": "The plan and the tenant allow the flag.",
    "role": "The flag is for all roles.",
    "prerequisites": "The flag has no prerequisites that fail.",
    "targeting": "No rule matches.",
    "percentage": "The flag is not rolled out by percentage.",
}


@dataclass(frozen=True)
class Explanation:
    """`layers` are all six, in their order; `error` is set if the evaluation failed."""

    evaluation: Evaluation
    plan: Plan | None = None
    context: Any = None
    tests: tuple[tuple[int, bool], ...] = ()
    decided: int = -1  # the number of the step
    error: str = ""

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        if self.plan is None or self.decided < 0:
            return (
                Layer("global", False, self.error, {}),
                *(Layer(n, None, NOT_REACHED, {}) for n in LAYERS[1:]),
            )
        deciding = LAYERS.index(self.plan.steps[self.decided].layer)
        return tuple(self._layer(name, index - deciding) for index, name in enumerate(LAYERS))

    @property
    def deciding(self) -> str:
        """The name of the layer that decided."""
        return self.plan.steps[self.decided].layer if self.plan and self.decided >= 0 else "global"

    def _layer(self, name: str, position: int) -> Layer:
        if position > 0 or self.plan is None:
            return Layer(name, None, NOT_REACHED, {})
        steps = self.plan.steps[: self.decided + 1]
        if position == 0:
            step = steps[-1]
            return Layer(name, step.opens, step.message.format_map(step.facts), self._detail(name, step))
        texts = [step.passed.format_map(step.facts) for step in steps if step.layer == name and step.passed]
        return Layer(name, True, " ".join(texts) or _PASSED[name], self._detail(name, None))

    def _detail(self, name: str, step: Step | None) -> Mapping[str, Any]:
        """The deciding step's message and facts, for translation, and the tests of the layer."""
        detail: dict[str, Any] = {} if step is None else {"message": step.message, **step.facts}
        tests = [self._test(number, holds) for number, holds in self.tests if self._is_of(number, name)]
        return detail | {"tests": tests} if tests else detail

    def _is_of(self, number: int, layer: str) -> bool:
        return self.plan is not None and self.plan.layers_of_tests[number] == layer

    def _test(self, number: int, holds: bool) -> Mapping[str, Any]:
        test = self.plan.tests[number] if self.plan else None
        match test:
            case Test():
                facts = {
                    "attribute": test.attribute,
                    "op": test.op,
                    "values": test.values,
                    "negate": test.negate,
                }
                return {**facts, "value": self.context.get(test.attribute), "holds": holds}
            case Share():
                return {**_bucket(test, self.context), "holds": holds}
            case InSegment(key):
                return {"segment": key, "holds": holds}
            case Serves(flag, variants):
                return {"flag": flag, "variants": variants, "holds": holds}
            case Custom(kind):
                return {"kind": kind, "holds": holds}
        return {"holds": holds}


def _bucket(share: Share, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bucket is None for a missing unit; of a random unit it is that of another draw."""
    unit = reader(share.units)(context)
    bucket = None if unit is None else BUCKETERS[share.bucketer].bucket(share.salt, unit, share.seed)
    return {"unit": share.units, "value": unit, "bucket": bucket, "percentage": share.percentage}


def explain(key: str, default: Any, context: Any, plan: Plan, trace: Trace) -> Explanation:
    """Runs the function that is written from the same steps as the one that evaluates."""
    tests: list[tuple[int, bool]] = []
    decided = -1

    def on_step(number: int, decides: Any) -> Any:
        nonlocal decided
        if decides:
            decided = number
        return decides

    def on_test(number: int, holds: Any) -> Any:
        tests.append((number, bool(holds)))
        return holds

    try:
        evaluation = trace(context, default, on_step, on_test)
    except Exception as error:
        return failed(default, f"The evaluation failed: {error!r:.500}")
    return Explanation(evaluation, plan, context, tuple(tests), decided)


def failed(default: Any, error: str) -> Explanation:
    return Explanation(Evaluation(default, None, ERROR, None, 0), error=error)


def unknown(key: str, default: Any) -> Explanation:
    return Explanation(
        Evaluation(default, None, UNKNOWN_FLAG, None, 0), error=f"No flag has the key {key!r:.120}."
    )
