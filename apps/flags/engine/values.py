"""The types of a flag's values."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from .fields import is_number

TYPES: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "object": (dict, list),
}


def is_of(value: Any, kind: str) -> bool:
    if kind in ("integer", "float"):
        return is_number(value) and isinstance(value, TYPES[kind])
    return isinstance(value, TYPES[kind])


def value_of(value: Any, kind: str) -> Any:
    """A float stays a float, also where the document has 1. The document may change afterwards; the flag does not."""
    if kind == "float" and is_number(value):
        return float(value)
    return copy.deepcopy(value) if kind == "object" else value
