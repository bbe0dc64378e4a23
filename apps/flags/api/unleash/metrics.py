"""Counts that clients of Unleash report: evaluations in other programs are use of a flag too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from apps.flags import queries
from apps.flags.engine import outcomes

MAX_TOGGLES = 5_000
MAX_COUNT = 1_000_000_000
Counts = dict[tuple[str, str | None, str], int]


def counts_in(body: Any) -> Counts:
    """Evaluations by key, variant and reason. Flags and variants that do not exist are dropped. Raises ParseError."""
    bucket = _object(_object(body, "body").get("bucket") or {}, "bucket")
    toggles = _object(bucket.get("toggles") or {}, "toggles")
    if len(toggles) > MAX_TOGGLES:
        raise ParseError(_("The metrics have more than {most} flags.").format(most=MAX_TOGGLES))
    view, counts = queries.rule_set(), Counts()
    for key, toggle in toggles.items():
        reported = dict(_reported(_object(toggle, key), key))
        if key in view.keys:
            for variant, number in _of_document(view.document(key), reported):
                counts[key, variant, outcomes.DEFAULT] = number
    return {counted: number for counted, number in counts.items() if number}


def _reported(toggle: Mapping[str, Any], key: str) -> Iterator[tuple[bool | str, int]]:
    """By variant; True and False are the numbers of evaluations that were on and off."""
    yield True, _count(toggle.get("yes", 0), key)
    yield False, _count(toggle.get("no", 0), key)
    for variant, number in _object(toggle.get("variants") or {}, key).items():
        yield variant, _count(number, key)


def _of_document(
    document: Mapping[str, Any], reported: Mapping[bool | str, int]
) -> Iterator[tuple[str | None, int]]:
    """On and off of a boolean flag are its variants. Of other flags, what has no variant is without a value."""
    variants = document.get("variants") or {}
    if document.get("type") == "boolean":
        for is_on in (True, False):
            name = next((name for name, value in variants.items() if value is is_on), None)
            yield name, reported[is_on]
        return
    named = {name: number for name, number in reported.items() if isinstance(name, str) and name in variants}
    yield from named.items()
    yield None, max(reported[True] + reported[False] - sum(named.values()), 0)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ParseError(_("{name} is no object.").format(name=name))
    return value


def _count(value: Any, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise ParseError(_("A count of {key} is no number from 0 to {most}.").format(key=key, most=MAX_COUNT))
    return value
