"""Bus middleware: a command that needs an approval runs only as the command of an approved request."""

from __future__ import annotations

from typing import Any

from apps.bus.approval_gate import needs_approval
from apps.bus.envelope import Envelope, Next

from .errors import ApprovalRequired
from .execution import current_execution


def approval(envelope: Envelope, next: Next) -> Any:
    """Raises ApprovalRequired. Inside the transaction, so that the request is executed if and only if the command is.
    A dry run passes: it shows approvers what they approve."""
    command = envelope.command
    if command.approval is None or envelope.is_dry_run:
        return next(envelope)
    execution = current_execution()
    if execution and execution.command == command:
        execution.begin()
        envelope.before_commit.append(execution.finish)
        return next(envelope)
    if needs_approval(command):
        raise ApprovalRequired(title=command.title())
    return next(envelope)
