"""Steps → functions, by way of Python source that holds no text of a document. Equal source is compiled once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import CodeType, FunctionType
from typing import Any

from .definitions import Condition, Flag, Share
from .expressions import MARKER, plain, traced
from .outcomes import Evaluation
from .waterfall import Outcome, Step

Evaluate = Callable[[Mapping[str, Any], Any], Evaluation]
Trace = Callable[[Mapping[str, Any], Any, Callable[[int, Any], Any], Callable[[int, Any], Any]], Evaluation]
Predicate = Callable[[Mapping[str, Any], Mapping[str, Evaluate]], bool]
Tick = Callable[[str | None, str], Callable[[], Any]]
_HEAD = "def {name}({arguments}):\n    g = c.get\n{body}"


@dataclass
class Plan:
    """A flag, ready to be written as a function: its steps, and the constants of their expressions."""

    key: str
    revision: int
    steps: tuple[Step, ...]
    names: Mapping[str, Any]
    tests: tuple[Condition | Share, ...]
    flag: Flag | None = None

    @cached_property
    def layers_of_tests(self) -> Mapping[int, str]:
        """The layer of each test, by its number."""
        return {int(number): step.layer for step in self.steps for number in MARKER.findall(step.test)}

    def evaluating(self, tick: Tick, nested: Mapping[str, Evaluate]) -> Evaluate:
        """The function of a context and the caller's default. `tick` returns what counts an outcome."""
        source = self._source("c, d", lambda number, test: plain(test), counts=True)
        evaluate: Evaluate = _bound(source, self._constants(tick) | {"nested": nested})
        return evaluate

    def explaining(self, nested: Mapping[str, Evaluate]) -> Trace:
        """The same steps, which call `s(step, decides)` and `t(test, result)`, and count nothing."""
        source = self._source("c, d, s, t", lambda number, test: f"s({number}, {traced(test)})", counts=False)
        trace: Trace = _bound(source, self._constants(None) | {"nested": nested})
        return trace

    def _source(self, arguments: str, test: Callable[[int, str], str], *, counts: bool) -> str:
        body = []
        for number, step in enumerate(self.steps):
            index = "[i]" if step.picked else ""
            body.append(f"    if {test(number, step.test)}:\n")
            if counts:
                body.append(f"        n{number}{index}()\n")
            body.append(f"        return e{number}{index}{'(d)' if self._is_made(step) else ''}\n")
        return _HEAD.format(name="flag", arguments=arguments, body="".join(body))

    def _is_made(self, step: Step) -> bool:
        """The evaluation is no constant: it holds the caller's default, or an object that is copied for its caller."""
        is_object = self.flag is not None and self.flag.type == "object"
        return is_object or any(outcome.variant is None for outcome in step.picked or (step.outcome,))

    def _constants(self, tick: Tick | None) -> dict[str, Any]:
        constants: dict[str, Any] = dict(self.names)
        for number, step in enumerate(self.steps):
            outcomes, make = (
                step.picked or (step.outcome,),
                self._maker if self._is_made(step) else self._made,
            )
            made = [make(outcome) for outcome in outcomes]
            constants[f"e{number}"] = made if step.picked else made[0]
            if tick is not None:
                ticks = [tick(outcome.variant, outcome.reason) for outcome in outcomes]
                constants[f"n{number}"] = ticks if step.picked else ticks[0]
        return constants

    def _made(self, outcome: Outcome) -> Evaluation:
        value = self.flag.variants[outcome.variant] if self.flag and outcome.variant is not None else None
        return Evaluation(value, outcome.variant, outcome.reason, outcome.rule, self.revision)

    def _maker(self, outcome: Outcome) -> Callable[[Any], Evaluation]:
        made = self._made(outcome)
        if outcome.variant is None:
            return lambda default: made._replace(value=default)
        return lambda default: made._replace(value=copy.deepcopy(made.value))


def predicate(source: str, names: Mapping[str, Any]) -> Predicate:
    """The function of a context and the functions of nested flags that a condition is, as of a segment."""
    body = f"    return {plain(source)}\n"
    test: Predicate = _bound(_HEAD.format(name="segment", arguments="c, nested", body=body), dict(names))
    return test


def _bound(source: str, names: dict[str, Any]) -> Any:
    return FunctionType(_compiled(source), {**_BUILTINS, **names})


_BUILTINS = {"__builtins__": {}, "str": str, "int": int}


@lru_cache(maxsize=4_096)
def _compiled(source: str) -> CodeType:
    module = compile(source, "<flag>", "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))
