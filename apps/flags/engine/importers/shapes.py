"""The shape of a peer's document: what is no object, list or text where one is needed is left out, with a problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ..fields import at
from ..outcomes import Problem

# A type or several, [shape of the items], {name: shape of the member} or {...: shape of any member}
Shape: TypeAlias = Any

TEXT = (str, int, float, bool)


def shaped(value: Any, shape: Shape, pointer: str, problems: list[Problem]) -> Any:
    """A copy in which members that are null or of another shape are missing. Other members are left as they are."""
    if isinstance(shape, list):
        return _list(value, shape[0], pointer, problems)
    if isinstance(shape, dict):
        return _object(value, shape, pointer, problems)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(value, shape) and (shape is not int or is_number):
        return value
    problems.append(Problem("wrong_type", pointer, f"{value!r:.100} has another type than is needed here"))
    return None


def _list(value: Any, shape: Shape, pointer: str, problems: list[Problem]) -> list[Any]:
    if not isinstance(value, list):
        problems.append(Problem("wrong_type", pointer, "a list is needed here"))
        return []
    items = (shaped(item, shape, at(pointer, index), problems) for index, item in enumerate(value))
    return [item for item in items if item is not None]


def _object(value: Any, shape: Shape, pointer: str, problems: list[Problem]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        problems.append(Problem("wrong_type", pointer, "an object is needed here"))
        return None
    members = {}
    for name, member in value.items():
        inner = shape.get(name, shape.get(...))
        if member is not None and inner is not None:
            member = shaped(member, inner, at(pointer, name), problems)
        if member is not None:
            members[name] = member
    return members
