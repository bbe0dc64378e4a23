"""The gate of approvals, which settings.APPROVAL_GATE names."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.kernel.actors import Actor

from .approval import ApprovalKind
from .commands import Command


class ApprovalGate(Protocol):
    """Decides in the current tenant or on the platform which kinds are required, and stores requests."""

    def is_required(self, kind: ApprovalKind, command: Command | None = None) -> bool:
        """For all commands of the kind, or for this one."""
        ...

    def request(self, command: Command, *, actor: Actor, reason: str, key: str) -> Any:
        """The stored request. Raises the refusals that the command itself would meet."""


def approval_gate() -> ApprovalGate:
    return _gate(settings.APPROVAL_GATE)


def needs_approval(command: type[Command] | Command) -> bool:
    """A command may need an approval by what it changes, where others of its type need none."""
    one = command if isinstance(command, Command) else None
    return command.approval is not None and approval_gate().is_required(command.approval, one)


@cache
def _gate(path: str) -> ApprovalGate:
    made: ApprovalGate = import_string(path)()
    return made
