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
from .outcomes import LAYERS, Evaluation
from .waterfall import Outcome, Step

Evaluate = Callable[[Mapping[str, Any], Any], Evaluation]
Trace = Callable[[Mapping[str, Any], Any, Callable[[int, Any], Any], Callable[[int, Any], Any]], Evaluation]
Predicate = Callable[[Mapping[str, Any], Mapping[str, Evaluate]], bool]
Tick = Callable[[str | None, str], Callable[[], Any]]


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
    def layers_of_tests(self) -> Mapping[int, int]:
        """The position of each test's layer, by the number of the test."""
        return {
            int(number): LAYERS.index(step.layer)
            for step in self.steps
            for number in MARKER.findall(step.test)
        }

    def evaluating(self, tick: Tick, nested: Mapping[str, Evaluate]) -> Evaluate:
        """The function of a context and the caller's default. `tick` returns what counts an outcome."""
        body = self._body("    ", plain, "n{number}()", "return {evaluation}")
        evaluate: Evaluate = _bound("c, d", body, self.constants(tick, nested))
        return evaluate

    def explaining(self, nested: Mapping[str, Evaluate]) -> Trace:
        """The same steps, which call `s(step, decides)` and `t(test, result)`, and count nothing."""
        body = self._body("    ", lambda test: f"s({{number}}, {traced(test)})", "", "return {evaluation}")
        trace: Trace = _bound("c, d, s, t", body, self.constants(None, nested))
        return trace

    def looping(self) -> str:
        """The same steps as a part of a loop over flags of one shape (bulk.py)."""
        return self._body("            ", plain, "n{number}()", "out[key] = {evaluation}; continue")

    def _body(self, indent: str, test: Callable[[str], str], count: str, serve: str) -> str:
        lines = []
        for number, step in enumerate(self.steps):
            index = "[i]" if step.picked else ""
            evaluation = f"e{number}{index}{'(d)' if self._is_made(step) else ''}"
            lines.append(f"{indent}if {test(step.test)}:\n".replace("{number}", str(number)))
            if count:
                lines.append(f"{indent}    {count.format(number=f'{number}{index}')}\n")
            lines.append(f"{indent}    {serve.format(evaluation=evaluation)}\n")
        return "".join(lines)

    def _is_made(self, step: Step) -> bool:
        """The evaluation is no constant: it holds the caller's default, or an object that is copied for its caller."""
        is_object = self.flag is not None and self.flag.type == "object"
        return is_object or any(outcome.variant is None for outcome in step.picked or (step.outcome,))

    def constants(self, tick: Tick | None, nested: Mapping[str, Evaluate]) -> dict[str, Any]:
        """The values of the names in the source; equal source has equal names, in the same order."""
        constants: dict[str, Any] = {"nested": nested, **self.names}
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
        if outcome.is_closed and self.flag is not None and self.flag.type == "boolean":
            value = False
        return Evaluation(value, outcome.variant, outcome.reason, outcome.rule, self.revision)

    def _maker(self, outcome: Outcome) -> Callable[[Any], Evaluation]:
        made = self._made(outcome)
        if outcome.variant is None and outcome.is_closed:
            return lambda default: closed(made, default)
        if outcome.variant is None:
            return lambda default: made._replace(value=default)
        return lambda default: made._replace(value=copy.deepcopy(made.value))


def closed(made: Evaluation, default: Any) -> Evaluation:
    """The evaluation of a closed flag without a variant: the caller's default, unless that is true."""
    return made if made.value is False else made._replace(value=False if default is True else default)


def predicate(source: str, names: Mapping[str, Any]) -> Predicate:
    """The function of a context and the functions of nested flags that a condition is, as of a segment."""
    test: Predicate = _bound("c, nested", f"    return {plain(source)}\n", names)
    return test


def _bound(arguments: str, body: str, names: Mapping[str, Any]) -> Any:
    """A copy of the code for each function: the interpreter's inline caches of global names would not serve several."""
    code = compiled(f"def flag({arguments}):\n{body}")
    return FunctionType(code.replace(co_name="flag"), {**BUILTINS, **names})


BUILTINS: Mapping[str, Any] = {"__builtins__": {"Exception": Exception}, "str": str, "int": int}


@lru_cache(maxsize=4_096)
def compiled(source: str) -> CodeType:
    """The code of the function that is the source."""
    module = compile(source, "<flag>", "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))
