"""The unit of a percentage or split: the user, the company, the tenant, or any attribute."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NAMED = ("user", "company", "tenant")
ATTRIBUTE, TEXT, CONSTANT, RANDOM = "attribute:", "text:", "constant:", "random"


def is_unit(unit: object) -> bool:
    """user, company, tenant, attribute:NAME, text:NAME (which may be empty), constant:TEXT, random."""
    if not isinstance(unit, str):
        return False
    is_attribute = unit.startswith(ATTRIBUTE) and unit != ATTRIBUTE
    return is_attribute or unit in NAMED or unit == RANDOM or unit.startswith((CONSTANT, TEXT))


def attribute_of(units: Sequence[str]) -> str | None:
    """The attribute, if the unit is one attribute of the context."""
    if len(units) != 1 or units[0] == RANDOM or units[0].startswith((CONSTANT, TEXT)):
        return None
    return units[0].removeprefix(ATTRIBUTE)


def text_of(value: object) -> str | None:
    """An identifier as text: a number, a UUID. A missing or empty one is None: such a unit is outside."""
    if value is None or value == "" or isinstance(value, (bool, list, dict, set, frozenset, tuple)):
        return None
    return str(value)


def reader(units: Sequence[str]) -> Callable[[Mapping[str, Any]], str | None]:
    """A function of the context that returns the first of the units that is present."""
    readers = [_reader(unit) for unit in units]
    if len(readers) == 1:
        return readers[0]

    def first(context: Mapping[str, Any]) -> str | None:
        for read in readers:
            if (unit := read(context)) is not None:
                return unit
        return None

    return first


def _reader(unit: str) -> Callable[[Mapping[str, Any]], str | None]:
    if unit == RANDOM:
        return lambda context: str(random.randrange(1 << 32))  # noqa: S311  no secret
    if unit.startswith(CONSTANT):
        constant = unit.removeprefix(CONSTANT)
        return lambda context: constant
    if unit.startswith(TEXT):
        name = unit.removeprefix(TEXT)
        return lambda context: "" if (value := context.get(name)) == "" else text_of(value)
    attribute = unit.removeprefix(ATTRIBUTE)
    return lambda context: text_of(context.get(attribute))
