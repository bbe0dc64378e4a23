"""Problems of rules: those that no unit reaches, that hold for everyone, or that place units as they may not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from . import moments
from .definitions import Condition, Flag, Rule, Share, Split, Test
from .expressions import FALSE, TRUE, Expressions
from .fields import Problems, at
from .reading import Reading
from .units import ATTRIBUTE, NAMED

WELL_KNOWN = frozenset({*NAMED, "role", "roles", "email", "now", "ip"})


def check_attributes(reading: Reading, known: frozenset[str]) -> None:
    """Attributes that no context has: usually misspelt."""
    for test, place in reading.conditions.tests if reading.conditions else ():
        if test.attribute not in known | WELL_KNOWN:
            _unknown(reading.problems, at(place, "attribute"), test.attribute)
    for share, place in placed(reading.draft) if reading.draft else ():
        for unit in share.units:
            attribute = unit.removeprefix(ATTRIBUTE)
            if attribute != unit and attribute not in known | WELL_KNOWN:
                _unknown(reading.problems, at(place, "unit"), attribute)


def _unknown(problems: Problems, place: str, attribute: str) -> None:
    problems.add("unknown_attribute", place, f"no context has the attribute {attribute!r}")


def check_tests(reading: Reading, today: date) -> None:
    """Tests of the time of evaluation that can no longer hold."""
    start = datetime.combine(today, time(), UTC)
    for test, place in reading.conditions.tests if reading.conditions else ():
        if test.attribute == "now" and test.op == "before" and not test.negate:
            end = moments.parse(test.values[0])
            if end is not None and moments.comparable(end, start) <= start:
                message = f"{test.values[0]} is in the past, so the test never holds"
                reading.problems.add("never_true", at(place, "values", 0), message, is_warning=True)
    _check_ranges(reading)


def _check_ranges(reading: Reading) -> None:
    """Parts of one `all`: after a date, and before an earlier one."""
    ends: dict[tuple[str, str], list[tuple[Test, str, date]]] = {}
    for test, place in reading.conditions.tests if reading.conditions else ():
        parent, _, _ = place.rpartition("/")
        if test.op not in ("before", "after") or test.negate or not parent.endswith("/all"):
            continue
        moment = moments.parse(test.values[0])
        if moment is not None:
            ends.setdefault((parent, test.attribute), []).append((test, place, moment))
    for tests in ends.values():
        starts = [moment for test, _, moment in tests if test.op == "after"]
        for test, place, end in tests:
            if test.op == "before" and any(moments.comparable(end, start) <= start for start in starts):
                message = f"{test.values[0]} is not after the start of the same period"
                reading.problems.add("never_true", at(place, "values", 0), message, is_warning=True)


def check_rules(problems: Problems, flag: Flag) -> None:
    decided: dict[Condition | None, str] = {}  # conditions after which nothing is left; None: all contexts
    for index, rule in enumerate(flag.rules):
        place, constant = at("/rules", index), _constant(rule.when)
        earlier = decided.get(None) or decided.get(rule.when)
        if earlier is not None:
            message = f"the rule {earlier!r} before it decides for every context of this one"
            problems.add("unreachable_rule", place, message)
        elif constant == FALSE:
            problems.add(
                "never_true", at(place, "when"), "the condition holds for no context", is_warning=True
            )
        elif constant == TRUE:
            message = "the rule holds for every context"
            problems.add("always_true", at(place, "when"), message, is_warning=True)
        if _decides(rule, flag):
            decided.setdefault(None if constant == TRUE else rule.when, rule.name)


def _constant(condition: Condition) -> str:
    """TRUE or FALSE for what holds for all contexts or none, else any other text."""
    return Expressions(lambda key, negated: None).condition(condition)


def _decides(rule: Rule, flag: Flag) -> bool:
    """Nothing that matches the rule goes on to the next one."""
    if rule.pick is None and rule.share is None:
        return True
    return not flag.matches_any and (rule.pick is None or isinstance(rule.pick, Split))


def check_off(problems: Problems, flag: Flag, is_off_by_caller: bool) -> None:
    """A boolean flag that is closed is off."""
    off = flag.off_variant
    if flag.type != "boolean" or (off is None and is_off_by_caller) or (off and off not in flag.variants):
        return
    if off is None or flag.variants[off] is not False:
        message = "a boolean flag that is closed serves a variant with the value false"
        problems.add("off_is_on", "/off_variant", message)


def placed(flag: Flag) -> Iterator[tuple[Share | Split, str]]:
    for index, rule in enumerate(flag.rules):
        if rule.share is not None:
            yield rule.share, at("/rules", index)
        elif isinstance(rule.pick, Split):
            yield rule.pick, at("/rules", index)
    if flag.rollout is not None:
        yield flag.rollout.share, "/rollout"


def check_expiry(problems: Problems, document: Any, today: date) -> None:
    expiry = document.get("expires_on") if isinstance(document, Mapping) else None
    if expiry is None:
        return
    day = moments.parse(expiry)
    if day is None:
        problems.add("bad_date", "/expires_on", f"{expiry!r} is no ISO date")
    elif moments.comparable(day, today) < today:
        problems.add("expiry_in_the_past", "/expires_on", f"{expiry} is before {today.isoformat()}")
