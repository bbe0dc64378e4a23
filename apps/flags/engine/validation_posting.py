"""Problems of flags that guard postings: all postings of a company follow the same logic, whichever user makes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .definitions import Choice, Condition, Custom, Flag, Rule, Test, walk
from .fields import Problems, at
from .reading import Reading
from .references import References, conditions_of
from .validation_rules import placed

PERSONAL = frozenset({"user", "email", "role", "roles", "ip", "system"})
"""Attributes that differ between the users of a company."""
_MESSAGE = "a flag that guards postings is the same for all users of a company"


def check_posting(reading: Reading, flag: Flag, references: References) -> None:
    """Of the flag, and of the segments and flags that it names."""
    if not flag.posting:
        return
    problems = reading.problems
    for share, place in placed(flag):
        if share.units != ("company",):
            message = "a flag that guards postings places companies, not users or tenants"
            problems.add("posting_unit", at(place, "unit"), message)
    if flag.roles:
        problems.add("posting_person", "/roles", _MESSAGE)
    for test, place in reading.conditions.tests if reading.conditions else ():
        if test.attribute in PERSONAL:
            problems.add("posting_person", at(place, "attribute"), _MESSAGE)
    if any(not isinstance(part, Test) and _differs(part) for part in _parts(flag)):
        problems.add(
            "posting_person", "/rules", f"{_MESSAGE}; conditions of other dialects cannot be checked"
        )
    for name in _names(flag, references):
        problems.add("posting_person", "", f"{_MESSAGE}, and {name} is not")


def check_posting_override(problems: Problems, override: Mapping[str, Any], flag: Mapping[str, Any]) -> None:
    if flag.get("posting") and override.get("roles"):
        problems.add("posting_person", "/roles", _MESSAGE)


def _names(flag: Flag, references: References) -> Iterator[str]:
    """The segments and flags that it depends on, and that differ between users."""
    others = [
        references.flags[key] for key in sorted(references.closure(flag.key)) if key in references.flags
    ]
    segments = references.all_segments(flag).union(*map(references.all_segments, others))
    for key in sorted(segments):
        if key in references.segments and any(map(_differs, walk(references.segments[key].when))):
            yield f"the segment {key!r}"
    for other in others:
        if other.key != flag.key and _flag_differs(other):
            yield f"the flag {other.key!r}"


def _flag_differs(flag: Flag) -> bool:
    shares = any(share.units != ("company",) and share.units != ("tenant",) for share, _ in placed(flag))
    return bool(flag.roles) or shares or any(map(_differs, _parts(flag)))


def _parts(flag: Flag) -> list[Condition | Rule]:
    """All conditions, and the rules that choose by a program."""
    choosing = [rule for rule in flag.rules if isinstance(rule.pick, Choice)]
    return [*(part for condition in conditions_of(flag) for part in walk(condition)), *choosing]


def _differs(part: Condition | Rule) -> bool:
    """A condition of a registered kind may read any attribute."""
    return isinstance(part, (Custom, Rule)) or (isinstance(part, Test) and part.attribute in PERSONAL)
