"""Extension point: checks that refuse support access."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[], None]
_support_checks: list[Check] = []


def support_check(check: Check) -> Check:
    """Registers a check, in an app's hookimpls.py. It raises a Refusal if the current tenant permits no support
    access. It runs at every request of a support session, so it must be cached."""
    if check not in _support_checks:
        _support_checks.append(check)
    return check


def run_support_checks() -> None:
    for check in _support_checks:
        check()
