"""Conditions of documents → definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .definitions import Always, Condition, Custom, Either, Every, InSegment, Not, Serves, Test
from .extensions import CONDITIONS, OPERATORS_OF
from .fields import Fields, Problems, at
from .operators import BadValue, operators_of, test_of

DEPTH = 20
_TEST_FIELDS = ("attribute", "op", "values", "negate", "ignore_case", "missing", "semver")
NOTHING: Condition = Always()
R = TypeVar("R", InSegment, Serves)


@dataclass(frozen=True, slots=True)
class Dialect:
    """`missing`: the result of a negated comparison with a missing attribute. `loose`: versions such as `1.2`.
    `matches_any`: a unit outside a rule's percentage goes to the next rule. `operators`: of a registered dialect.
    `is_off_by_caller`: a boolean flag that is off may serve the caller's default."""

    missing: bool = False
    loose: bool = True
    matches_any: bool = False
    operators: str = ""
    is_off_by_caller: bool = False


def read_dialect(problems: Problems, document: Any, place: str) -> Dialect:
    """The native dialect where the document names none."""
    if document is None:
        return Dialect()
    fields = Fields(problems, document, place, ("missing", "semver", "match", "operators", "off"))
    return Dialect(
        missing=fields.get("missing", bool, False),
        loose=_one_of(fields, "semver", "loose", "strict") == "loose",
        matches_any=_one_of(fields, "match", "first", "any") == "any",
        operators=_operators(fields),
        is_off_by_caller=_one_of(fields, "off", "variant", "caller") == "caller",
    )


def _one_of(fields: Fields, name: str, default: str, other: str) -> str:
    value = str(fields.get(name, str, default))
    if value not in (default, other):
        fields.add("wrong_type", f"{name!r} is {default!r} or {other!r}", name)
    return value


def _operators(fields: Fields) -> str:
    name = str(fields.get("operators", str, ""))
    if name and name not in OPERATORS_OF:
        fields.add("unknown_operator", f"no dialect has the name {name!r}", "operators")
        return ""
    return name


class ConditionReader:
    """Reads conditions of one dialect. `tests` are all tests with their places."""

    def __init__(self, problems: Problems, dialect: Dialect) -> None:
        self.problems, self.dialect = problems, dialect
        self.tests: list[tuple[Test, str]] = []
        self.references: list[tuple[InSegment | Serves, str]] = []

    def read(self, document: Any, place: str, depth: int = 0) -> Condition:
        """`NOTHING` in place of what cannot be read, with a problem."""
        if depth > DEPTH:
            self.problems.add("too_deep", place, f"conditions nest at most {DEPTH} deep")
            return NOTHING
        if not isinstance(document, Mapping):
            self.problems.add("wrong_type", place, "a condition is an object")
            return NOTHING
        if "op" in document or "attribute" in document:
            return self._test(document, place)
        kinds = [kind for kind in document if kind in self._kinds or kind in CONDITIONS]
        if len(kinds) != 1 or len(document) > (2 if kinds == ["flag"] else 1):
            self.problems.add(
                "unknown_condition", place, "a condition has one kind: " + ", ".join(self._kinds)
            )
            return NOTHING
        kind = kinds[0]
        if kind in self._kinds:
            return self._kinds[kind](self, document, at(place, kind), depth)
        return self._custom(kind, document[kind], at(place, kind))

    def _parts(self, parts: Any, place: str, depth: int) -> tuple[Condition, ...]:
        if not isinstance(parts, list):
            self.problems.add("wrong_type", place, "a list of conditions is needed here")
            return ()
        return tuple(self.read(part, at(place, index), depth + 1) for index, part in enumerate(parts))

    def _every(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        return Every(self._parts(document["all"], place, depth))

    def _either(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        return Either(self._parts(document["any"], place, depth))

    def _none(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        return Not(Either(self._parts(document["none"], place, depth)))

    def _not(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        return Not(self.read(document["not"], place, depth + 1))

    def _segment(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        key = document["segment"]
        if not isinstance(key, str):
            self.problems.add("wrong_type", place, "the key of a segment is needed here")
            return NOTHING
        return self._refer(InSegment(key), place)

    def _flag(self, document: Mapping[str, Any], place: str, depth: int) -> Condition:
        return self.serves(document, place.removesuffix("/flag"))

    def serves(self, document: Any, place: str) -> Serves:
        """Variants of another flag: a condition or a prerequisite."""
        fields = Fields(self.problems, document, place, ("flag", "variants"))
        serves = Serves(fields.get("flag", str, "", required=True), fields.texts("variants"))
        if not serves.variants:
            fields.add("missing_field", "at least one variant is needed", "variants")
        return self._refer(serves, place)

    def _refer(self, reference: R, place: str) -> R:
        self.references.append((reference, place))
        return reference

    def _custom(self, kind: str, argument: Any, place: str) -> Condition:
        try:
            return Custom(kind, CONDITIONS[kind](argument))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            self.problems.add("bad_value", place, str(error))
            return NOTHING

    def _test(self, document: Mapping[str, Any], place: str) -> Condition:
        fields = Fields(self.problems, document, place, _TEST_FIELDS)
        op, values = fields.get("op", str, "", required=True), fields.get("values", list, [])
        negate = fields.get("negate", bool, False)
        if op == "always":
            return Not(Always()) if negate else Always()
        attribute = fields.get("attribute", str, "", required=True)
        test = Test(
            attribute,
            op,
            tuple(values),
            negate,
            fields.get("ignore_case", bool, False),
            fields.get("missing", bool, self.dialect.missing),
            fields.get("semver", str, "loose" if self.dialect.loose else "strict") == "loose",
            self.dialect.operators,
        )
        if op not in operators_of(test.operators):
            fields.add("unknown_operator", f"no operator has the name {op!r}", "op")
            return NOTHING
        return test if self._is_understood(test, fields) else NOTHING

    def _is_understood(self, test: Test, fields: Fields) -> bool:
        if not test.values and test.op != "is_set":
            fields.add("missing_field", "at least one value is needed", "values")
            return False
        try:
            test_of(test)
        except BadValue as error:
            fields.add(error.code, str(error), "values", *(() if error.index is None else (error.index,)))
            return False
        self.tests.append((test, fields.place))
        return True

    _kinds: Mapping[str, Callable[[ConditionReader, Mapping[str, Any], str, int], Condition]] = {
        "all": _every,
        "any": _either,
        "none": _none,
        "not": _not,
        "segment": _segment,
        "flag": _flag,
    }
