"""Typed reading of a document, which collects all problems with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from .outcomes import Problem

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
SMALLEST = 0.001  # per cent: one bucket
_NAMES = {str: "text", bool: "true or false", int: "a whole number", list: "a list", dict: "an object"}


class Problems(list[Problem]):
    """`add` at a place that is a JSON pointer."""

    def add(self, code: str, place: str, message: str, *, is_warning: bool = False) -> None:
        self.append(Problem(code, place, message, is_warning))

    @property
    def refuse(self) -> bool:
        """At least one is no warning."""
        return any(not problem.is_warning for problem in self)


def at(place: str, *steps: object) -> str:
    """The JSON pointer of a member."""
    return place + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


class Fields:
    """The members of one object of a document."""

    def __init__(self, problems: Problems, document: Any, place: str, known: Iterable[str]) -> None:
        self.problems, self.place = problems, place
        self.members: Mapping[str, Any] = document if isinstance(document, Mapping) else {}
        if not isinstance(document, Mapping):
            self.add("wrong_type", "an object is needed here")
        for name in self.members.keys() - set(known):
            self.add("unknown_field", f"no field has the name {name!r}", name)

    def add(self, code: str, message: str, *steps: object) -> None:
        self.problems.add(code, at(self.place, *steps), message)

    def get(self, name: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
        """The member if it is of the kind; else the default, with a problem unless it is absent or null."""
        value = self.members.get(name)
        if value is None:
            if required:
                self.add("missing_field", f"the field {name!r} is missing", name)
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.add("wrong_type", f"{name!r} must be {_NAMES[kind]}", name)
            return default
        return value

    def key(self, name: str) -> str:
        value = self.get(name, str, "", required=True)
        if value and not KEY.fullmatch(value):
            self.add(
                "bad_key",
                "a key has 1 to 100 of the characters A-Z a-z 0-9 . _ - and begins with a letter or digit",
                name,
            )
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        values = self.get(name, list, [])
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value:
                self.add("wrong_type", "text is needed here", name, index)
        return tuple(value for value in values if isinstance(value, str))

    def percentage(self, name: str) -> float:
        value = self.members.get(name)
        if not is_number(value):
            self.add("wrong_type", f"{name!r} must be a number from 0 to 100", name)
            return 0.0
        if not 0 <= value <= 100:
            self.add("percentage_out_of_range", f"{value} is no percentage from 0 to 100", name)
            return 0.0
        if 0 < value < SMALLEST:
            self.add("percentage_too_small", f"{value} % is no unit: the smallest part is {SMALLEST} %", name)
        return float(value)


def is_number(value: object) -> TypeGuard[int | float]:
    """A finite number that is no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")
