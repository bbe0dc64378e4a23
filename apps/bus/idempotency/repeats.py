"""Whether a request is a repeated one, before it is sent."""

from __future__ import annotations

from apps.bus.commands import Command
from apps.bus.envelope import Envelope
from apps.kernel.actors import Actor

from .claims import claims_of
from .plans import plan_of


def was_executed(command: Command, *, actor: Actor, key: str) -> bool:
    """Whether `dispatch_once` with the same arguments would return the result of an earlier request."""
    return plan_of(claims_of(Envelope(command, actor, key))).is_repeated
