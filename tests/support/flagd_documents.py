"""Random documents and contexts of flagd, from a seed."""

from __future__ import annotations

import json
import random
from typing import Any


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAMES = ("on", "off", "true", "false", "1", "2.0", "red", "grün", "null")
SCALARS = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    5,
    1.5,
    -2.5,
    0.0,
    1e20,
    "",
    "a",
    "b",
    "abc",
    "1",
    "1.0",
    " 5 ",
    "x.y",
    "0",
    "true",
    "1.2.3",
    "v1.2",
    "1.2.3-a",
    "é",
    "٣",
    "inf",
    "nan",
    "length",
    "user@example.com",
    100,
    1_700_000_000,
)
PATHS = (
    *words("""
    text list object number flag missing object.k object.list.1 list.0 list.length text.0 targetingKey
    $flagd.flagKey email version a.b list.-1 list.00
"""),
    "",
)
VERSIONS = (
    "1.2.3",
    "1.2.4",
    "2.0.0",
    "v1.2",
    "1",
    "1.2.3-a",
    "1.2.3-a.1",
    "1.2.3-01",
    "1.2.3+b",
    "x",
    1,
    1.5,
    None,
    True,
)
ORDERS = ("=", "!=", "<", "<=", ">", ">=", "^", "~", "==", None)
OPERATORS = words("""
    == != === !== < > <= >= ! !! + * - % in min max cat substr merge missing missing_some if ?: and or
    filter reduce map all some none starts_with ends_with
""")
VALUES = {
    "Boolean": (True, False),
    "String": ("", "a", "é", "1"),
    "Integer": (0, 1, -5, 2**40),
    "Float": (0.0, 1.5, -2.25, 3),
    "Object": ({}, {"a": 1}, [], [1, "x"]),
    "Mixed": (True, "a", 1, 1.5, {}, None, 0),
}


class Documents:
    def __init__(self, seed: int) -> None:
        self.seed, self.random = seed, random.Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one(self, items: Any) -> Any:
        return self.random.choice(items)

    def value(self, depth: int) -> Any:
        if depth <= 0 or self.chance(0.6):
            return self.one(SCALARS)
        if self.chance(0.7):
            return [self.value(depth - 1) for _ in range(self.random.randint(0, 3))]
        return {self.one("abko"): self.value(depth - 1) for _ in range(self.one((0, 2, 3)))}

    def logic(self, depth: int) -> Any:
        """Any program, most of which yield no variant."""
        if depth <= 0 or self.chance(0.2):
            return self.value(1)
        if self.chance(0.25):
            return {
                "var": self.one(
                    (self.one(PATHS), [self.one(PATHS), self.value(0)], [], self.one((0, 1.0, None)))
                )
            }
        if self.chance(0.02):
            return {self.one(("unknown", "$ref")): self.one(("first", "second", "third", "gone"))}
        if self.chance(0.1):
            return {
                "sem_ver": [{"var": "version"}, self.one(ORDERS), self.one(VERSIONS)][
                    : self.one((3, 3, 3, 2))
                ]
            }
        if self.chance(0.15):
            return self.fractional(depth)
        arguments = [self.logic(depth - 1) for _ in range(self.one((0, 1, 1, 2, 2, 2, 3, 3, 4)))]
        return {self.one(OPERATORS): arguments if self.chance(0.9) or not arguments else arguments[0]}

    def condition(self, depth: int) -> Any:
        path, other = {"var": self.one(PATHS)}, self.value(0)
        usual = (
            {"==": [path, other]},
            {">": [path, self.one((0, 1, 5.5, "1"))]},
            {"in": [other, {"var": "list"}]},
            {"in": [self.one(("a", "@", "é")), path]},
            {"ends_with": [{"var": "email"}, self.one(("@example.com", "é", 1))]},
            {"starts_with": [{"var": "text"}, self.one(("a", "", None))]},
            {"!": [path]},
            {"missing": [self.one(PATHS)]},
            {"sem_ver": [{"var": "version"}, self.one(ORDERS), self.one(VERSIONS)]},
            {"$ref": self.one(("first", "second"))},
        )
        return self.one(usual) if self.chance(0.7) else self.logic(depth)

    def fractional(self, depth: int) -> Any:
        def variant() -> Any:
            return self.one(NAMES) if self.chance(0.8) else self.logic(depth - 2)

        def weight() -> Any:
            return (
                self.one((50, 1, 25, 100, 0))
                if self.chance(0.8)
                else self.one((-5, "x", 2.0, True, None, 2**31))
            )

        parts: list[Any] = [
            [variant(), weight()]
            if self.chance(0.85)
            else self.one(([variant()], [], "a", [variant(), 1, 2]))
            for _ in range(self.random.randint(0, 4))
        ]
        units = (
            {"var": "email"},
            {"cat": [{"var": "$flagd.flagKey"}, {"var": "email"}]},
            self.value(2),
            {"var": "object"},
        )
        return {"fractional": parts if self.chance(0.6) else [self.one(units), *parts]}

    def targeting(self) -> Any:
        match self.random.randint(0, 9):
            case 0:
                return self.logic(4)
            case 1:
                return self.one(({}, None, [], "x", 0, {"a": 1, "b": 2}, {"var": "text"}))
            case 2 | 3:
                return self.fractional(3)
            case _:
                branch = [
                    part
                    for _ in range(self.random.randint(1, 3))
                    for part in (self.condition(3), self.fractional(2) if self.chance(0.3) else self.result())
                ]
                return {"if": [*branch, *([self.result()] if self.chance(0.7) else [])]}

    def result(self) -> Any:
        return (
            self.one(NAMES)
            if self.chance(0.8)
            else self.one((None, True, False, 1, 2.0, "", "gone", ["on"], {}))
        )

    def flag(self) -> dict[str, Any]:
        values = VALUES[self.one(tuple(VALUES))]
        names = self.random.sample(NAMES, self.random.randint(1, 5))
        flag: dict[str, Any] = {
            "state": "ENABLED" if self.chance(0.85) else "DISABLED",
            "variants": {name: self.one(values) for name in names},
        }
        if self.chance(0.85):
            unusual = (None, "", "gone", True, False)
            flag["defaultVariant"] = self.one(names) if self.chance(0.8) else self.one(unusual)
        if self.chance(0.8):
            flag["targeting"] = self.targeting()
        if self.chance(0.5):
            flag["metadata"] = {self.one(("owner", "version", "beta")): self.one(("x", 1, 1.5, True, ""))}
        return flag

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "flags": {name: self.flag() for name in ("a", "b.c", "d-e", "grün", "with space", "f", "g", "h")}
        }
        if self.chance(0.7):
            evaluators = {name: self.condition(2) for name in ("first", "second", "third")}
            document["$evaluators"] = json.loads(
                json.dumps(evaluators).replace("\\", "")
            )  # which flagd refuses
        if self.chance(0.5):
            document["metadata"] = {"set": "s", "version": self.one((1, "v"))}
        return document

    def context(self) -> dict[str, Any]:
        context = {
            "text": self.one(("", "a", "abc", "é", 5)),
            "list": self.one(([], [1, "a", None, [2]], ["é", True], "list")),
            "object": {"k": self.value(1), "list": [1, 2]},
            "number": self.one((0, 1, 5, 5.5, "5", -0.0, 2**70)),
            "flag": self.one((True, False, "true")),
            "version": self.one(VERSIONS),
            "a": {"b": 1},
            "email": self.one(
                (
                    "user@example.com",
                    "other@example.org",
                    "é",
                    "",
                    None,
                    7,
                    7.0,
                    1.5,
                    ["x"],
                    {"b": 1, "a": 2.0},
                )
            ),
            "targetingKey": self.one(
                ("user-1", "user-2", "é", "", "u" * 300, None, str(self.random.random()))
            ),
        }
        present = {name: value for name, value in context.items() if self.chance(0.85)}
        if not isinstance(present.get("targetingKey", ""), str):
            del present["targetingKey"]
        return present

    def question(self) -> tuple[str, str, Any]:
        """A flag, the type that the caller expects, and the default."""
        kind = self.one(("Boolean", "String", "Integer", "Float", "Object"))
        return (
            self.one(("a", "b.c", "d-e", "grün", "with space", "f", "g", "h", "unknown")),
            kind,
            self.one(VALUES[kind]),
        )
