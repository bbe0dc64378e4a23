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


Row = tuple[str, tuple[Any, ...]]


def row_of(key: str, plan: Plan, constants: Mapping[str, Any]) -> Row:
    """The source of a flag's shape, and the flag's constants."""
    return _LOOP.format(names=", ".join(constants), body=plan.looping()), (key, *constants.values())


class Bulk:
    def __init__(self, rows: Iterable[Row]) -> None:
        shapes: dict[str, list[tuple[Any, ...]]] = {}
        self._keys: list[str] = []
        for source, row in rows:
            shapes.setdefault(source, []).append(row)
            self._keys.append(row[0])
        self._shapes = [
            (FunctionType(compiled(s), dict(BUILTINS)), tuple(rows)) for s, rows in shapes.items()
        ]

    def evaluate(self, context: Mapping[str, Any], failed: Fail) -> dict[str, Evaluation]:
        """In the order of the flags. `failed` makes the evaluation of a flag that raises."""
        evaluations: dict[str, Any] = dict.fromkeys(self._keys)
        for evaluate, rows in self._shapes:
            evaluate(context, None, evaluations, rows, failed)
        return evaluations
