"""Extension point: checks that can block the closing of a period."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apps.kernel.errors import Refusal, Together

Check = Callable[[Any], None]
"""Takes the Period, whose type cannot be imported here: models are above hooks."""

_checks: list[Check] = []


def closing_check(check: Check) -> Check:
    """Registers a check, in an app's hookimpls.py. The check raises a Refusal to block the close.

    It runs after the period is locked, so that its result cannot become outdated.
    """
    if check not in _checks:
        _checks.append(check)
    return check


def blocking_refusals(period: Any) -> Sequence[Refusal]:
    """The refusals of all checks, in the order of registration."""
    validation = Together()
    for check in _checks:
        validation.check(check, period)
    return validation.refusals
