"""Extension point: reasons beyond the environment for which an approval is required, such as a setting, or what a
command changes."""

from __future__ import annotations

from collections.abc import Callable

from apps.bus import Command
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


CommandCheck = Callable[[Command], bool]
_checks_of_commands: list[CommandCheck] = []


def approval_required_of(check: CommandCheck) -> CommandCheck:
    """Registers a check of the single command, of any kind of approval."""
    _checks_of_commands.append(check)
    return check


def is_required_of(command: Command) -> bool:
    return any(check(command) for check in _checks_of_commands)
