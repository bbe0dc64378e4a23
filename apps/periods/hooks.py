"""What others may plug in: reasons why a period cannot be closed yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from apps.kernel.errors import Refusal, Together

Check = Callable[[Any], None]
"""Takes the Period; models stand above hooks, so its type cannot be named here."""

_checks: list[Check] = []


def closing_check(check: Check) -> Check:
    """Registers a check, in an app's hookimpls.py. It raises a Refusal to keep the period open.

    When a period is being closed it is asked after the lock is taken, so that what it finds cannot change.
    """
    if check not in _checks:
        _checks.append(check)
    return check


def blocking_refusals(period: Any) -> Sequence[Refusal]:
    """What every check says, in the order in which they were registered."""
    validation = Together()
    for check in _checks:
        validation.check(check, period)
    return validation.refusals
