"""A program as the choice of a rule:  {"choose": {"json-logic": {"flag_key": "key", "logic": {"if": […]}}}}

`flag_key` is the key that the program sees, and that places units; `targeting_key` the attribute that has the role of
targetingKey, if another one has. The result is the name of a variant; without one the flag goes on with the next rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ..extensions import CHOICES, Context
from .compiler import compile_logic


def json_logic(argument: Any) -> Callable[[Context], str | None]:
    if (
        not isinstance(argument, dict)
        or not isinstance(argument.get("flag_key"), str)
        or "logic" not in argument
    ):
        raise ValueError("a program has the key of its flag and its logic")
    key, targeting_key = argument["flag_key"], argument.get("targeting_key", "targetingKey")
    try:
        program = compile_logic(argument["logic"])
    except RecursionError:
        raise ValueError("the program nests too deep") from None

    def choose(context: Context) -> str | None:
        facts = {"flagKey": key, "timestamp": _timestamp(context.get("now"))}
        result = program({**context, "targetingKey": context.get(targeting_key), "$flagd": facts})
        if isinstance(result, bool):
            return "true" if result else "false"
        return None if result is None else str(result)

    return choose


def _timestamp(now: Any) -> int:
    """In seconds. A moment that is replayed is the context's `now`."""
    return int(now.timestamp() if isinstance(now, datetime) else time.time())


CHOICES["json-logic"] = json_logic
