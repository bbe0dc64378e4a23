"""Conditions → Python expressions.

No text of a document gets into the source: attributes and values are constants in the globals of the function. So flags
of one shape have equal source, which is compiled once.

Negation moves inwards to the tests (`not (a and b)` = `not a or not b`), and a test with a missing attribute is false
also when negated. So what is not known never opens a flag, however deep the negation.

A test is written between markers, `«3|…»`: with them the function that explains records the result of test 3, without
them the function that evaluates is plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import mmh3

from .bucketers import BUCKETERS, BUCKETS, NATIVE, PER_PERCENT, limit_of
from .definitions import (
    Always,
    Choice,
    Condition,
    Custom,
    Either,
    Every,
    InSegment,
    Not,
    Serves,
    Share,
    Split,
    Test,
)
from .operators import test_of
from .units import attribute_of, reader, text_of

TRUE, FALSE = "True", "False"
_ORDERS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
MARKER = re.compile(r"«(\d+)\|")


def plain(source: str) -> str:
    """The source without markers."""
    return MARKER.sub("(", source).replace("»", ")")


def traced(source: str) -> str:
    """The source that calls `t(number, result)` for each test."""
    return MARKER.sub(r"t(\1, ", source).replace("»", ")")


class Expressions:
    """Writes expressions over the context `c`, and collects their constants in `names`."""

    def __init__(self, segment: Callable[[str, bool], Any]) -> None:
        self.names: dict[str, Any] = {}
        self.tests: list[Condition | Share] = []  # by the numbers of the markers
        self._segment = segment
        self._texts: dict[str, str] = {}
        self._read: set[str] = (
            set()
        )  # attributes that are in a variable wherever the next expression is reached

    def name(self, prefix: str, value: Any) -> str:
        """A new constant."""
        name = f"{prefix}{len(self.names)}"
        self.names[name] = value
        return name

    def text(self, value: str) -> str:
        """A constant that occurs once however often it is needed."""
        name = self._texts.get(value)
        if name is None:
            name = self._texts[value] = self.name("k", value)
        return name

    def marked(self, test: Condition | Share, source: str) -> str:
        self.tests.append(test)
        return f"«{len(self.tests) - 1}|{source}»"

    def condition(self, condition: Condition, negated: bool = False, certain: bool = True) -> str:
        """`certain`: if the expression is reached, this part of it is evaluated."""
        match condition:
            case Always():
                return FALSE if negated else TRUE
            case Not(part):
                return self.condition(part, not negated, certain)
            case Every(parts):
                return self._joined(parts, negated, "or" if negated else "and", certain)
            case Either(parts):
                return self._joined(parts, negated, "and" if negated else "or", certain)
            case Test():
                return self.marked(condition, self._test(condition, negated, certain))
            case InSegment(key):
                return self.marked(condition, f"{self.name('s', self._segment(key, negated))}(c, nested)")
            case Serves(flag, variants):
                return self.marked(condition, self.serves(flag, variants, negated))
            case Custom(_, test):
                return self.marked(condition, f"{'not ' if negated else ''}{self.name('x', test)}(c)")

    def serves(self, flag: str, variants: tuple[str, ...], negated: bool) -> str:
        """Another flag, by the functions of nested flags, which the name `nested` is bound to later."""
        key, served = self.text(flag), self.name("v", variants)
        return f"nested[{key}](c, None)[1] {'not in' if negated else 'in'} {served}"

    def _joined(self, parts: tuple[Condition, ...], negated: bool, word: str, certain: bool) -> str:
        neutral, decisive = (TRUE, FALSE) if word == "and" else (FALSE, TRUE)
        read_before = set(self._read)
        sources = [self.condition(part, negated, certain and n == 0) for n, part in enumerate(parts)]
        left = [source for source in sources if source != neutral]
        if decisive in sources:
            self._read = read_before  # none of the parts is evaluated
            return decisive
        if not left:
            return neutral
        return left[0] if len(left) == 1 else f"({f' {word} '.join(left)})"

    def _test(self, test: Test, negated: bool, certain: bool) -> str:
        if negated:
            test = replace(test, negate=not test.negate)
        general = self.name("f", test_of(test))
        if test.attribute == "now":
            self.names["clock"] = now_of
            return f"{general}(clock(c))"
        attribute = self.text(test.attribute)
        value = read = attribute.replace("k", "a")
        if test.attribute not in self._read:
            read = f"({value} := c.get({attribute}))"
        if certain:
            self._read.add(test.attribute)
        fast = self._of_texts(test) or self._of_integers(test)
        if not fast:
            return f"{general}({read})"
        comparison, kind = fast
        return f"{value} {comparison} if {read}.__class__ is {kind} else {general}({value})"

    def _of_texts(self, test: Test) -> tuple[str, str] | None:
        """The usual case in place: the attribute is text."""
        is_simple = test.op in ("in", "equals") and not test.ignore_case
        if not is_simple or not all(isinstance(value, str) for value in test.values):
            return None
        if len(test.values) == 1:
            return f"{'!=' if test.negate else '=='} {self.name('w', test.values[0])}", "str"
        return f"{'not in' if test.negate else 'in'} {self.name('w', frozenset(test.values))}", "str"

    def _of_integers(self, test: Test) -> tuple[str, str] | None:
        """The usual case in place: the attribute is a whole number."""
        if test.op not in _ORDERS or test.negate or test.operators or type(test.values[0]) is not int:
            return None
        return f"{_ORDERS[test.op]} {self.name('w', test.values[0])}", "int"

    def inside(self, share: Share) -> str:
        """Whether the unit is inside a percentage; a missing unit is not."""
        bucketer = BUCKETERS[share.bucketer]
        read, gate = reader(share.units), bucketer.gate(share.salt, share.percentage, share.seed)
        attribute = attribute_of(share.units)
        if share.bucketer != NATIVE or attribute is None:
            return self.marked(
                share, f"{self.name('i', lambda c: (u := read(c)) is not None and gate(u))}(c)"
            )
        slow = self.name("i", lambda value: (u := text_of(value)) is not None and gate(u))
        self.names["hash"], inside = mmh3.hash, limit_of(share.percentage)
        salt, unit = self.name("w", share.salt + ":"), f"(u := c.get({self.text(attribute)}))"
        hashed = f"hash({salt} + u, {share.seed:d}, False)"
        if inside % PER_PERCENT:
            bucket = f"(h := {hashed}) % 100 * {PER_PERCENT:d} + h % {BUCKETS:d} // 100"
            placed = f"{bucket} < {self.name('w', inside)}"
        else:
            placed = f"{hashed} % 100 < {self.name('w', inside // PER_PERCENT)}"
        return self.marked(share, f"({placed} if u else False) if {unit}.__class__ is str else {slow}(u)")

    def picked(self, pick: Split | Choice, variants: Iterable[str]) -> str:
        """The index of a variant, or None. A choice of a variant that does not exist is a KeyError."""
        if isinstance(pick, Choice):
            choose, index = pick.choose, {name: number for number, name in enumerate(variants)}
            chosen = self.name("p", lambda c: None if (name := choose(c)) is None else index[name])
            return f"{chosen}(c)"
        read = reader(pick.units)
        chooser = BUCKETERS[pick.bucketer].chooser(pick.salt, pick.weights, pick.seed)
        return f"{self.name('p', lambda c: None if (u := read(c)) is None else chooser(u))}(c)"


def now_of(context: Mapping[str, Any]) -> Any:
    """The attribute `now` is the time of the evaluation unless the context names one."""
    now = context.get("now")
    return datetime.now(UTC) if now is None else now
