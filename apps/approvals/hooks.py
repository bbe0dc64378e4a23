"""Extension point: reasons beyond the environment for which a kind of approval is required, such as a setting."""

from __future__ import annotations

from collections.abc import Callable

from apps.bus.approval import ApprovalKind

Check = Callable[[ApprovalKind], bool]
_checks: list[Check] = []


def approval_required(check: Check) -> Check:
    """Registers a check. The approval is required where one of them says so, in the current tenant or on the
    platform."""
    _checks.append(check)
    return check


def is_required_by_check(kind: ApprovalKind) -> bool:
    return any(check(kind) for check in _checks)
