"""All flags of a rule set for one context.

Flags of one shape, which differ in their constants only, are one loop over these constants: without a call for each
flag, and with code that stays in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import Any

from .emission import BUILTINS, Plan, compiled
from .outcomes import Evaluation

Fail = Callable[[str, Any, Exception], Evaluation]
_LOOP = """def flags(c, d, out, rows, failed):
    for key, {names} in rows:
        try:
{body}
        except Exception as error:
            out[key] = failed(key, d, error)
"""


class Bulk:
    def __init__(self, plans: Iterable[tuple[str, Plan, Mapping[str, Any]]]) -> None:
        shapes: dict[str, list[tuple[Any, ...]]] = {}
        self._keys: list[str] = []
        for key, plan, constants in plans:
            source = _LOOP.format(names=", ".join(constants), body=plan.looping())
            shapes.setdefault(source, []).append((key, *constants.values()))
            self._keys.append(key)
        self._shapes = [
            (FunctionType(compiled(s), dict(BUILTINS)), tuple(rows)) for s, rows in shapes.items()
        ]

    def evaluate(self, context: Mapping[str, Any], failed: Fail) -> dict[str, Evaluation]:
        """In the order of the flags. `failed` makes the evaluation of a flag that raises."""
        evaluations: dict[str, Any] = dict.fromkeys(self._keys)
        for evaluate, rows in self._shapes:
            evaluate(context, None, evaluations, rows, failed)
        return evaluations
