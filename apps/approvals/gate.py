"""settings.APPROVAL_GATE: which kinds are required, and the requests that the consoles store."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from apps.bus import Command, dispatch_once
from apps.bus.approval import ApprovalKind
from apps.kernel.actors import Actor
from apps.kernel.plain import to_whole

from . import hooks
from .commands import RequestApproval


class Gate:
    def is_required(self, kind: ApprovalKind, command: Command | None = None) -> bool:
        return (
            kind.required == "always"
            or (kind.required == "in production" and settings.ENVIRONMENT == "production")
            or kind.name in settings.APPROVALS_REQUIRED
            or hooks.is_required_by_check(kind)
            or (command is not None and hooks.is_required_of(command))
        )

    def request(self, command: Command, *, actor: Actor, reason: str, key: str) -> Any:
        request = RequestApproval(command=command.command_name(), fields=to_whole(command), reason=reason)
        return dispatch_once(request, actor=actor, key=key).result
