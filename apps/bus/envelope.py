"""The envelope: a command in execution, with its actor, key and outcome."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from apps.kernel.actors import Actor

from .commands import Command


@dataclass
class Envelope:
    """What the middleware sees.

    is_dry_run    True when everything will be rolled back and nothing recorded
    nested         True inside the handler of another command
    anew           called when the handler begins, and again where the database has it begin again
    before_commit  called with the result, inside the command's transaction, after its handler
    key            the caller's name for this request
    answering      makes of the result what the door answers; kept with the key
    repeated       True when it was done before and nothing was done now
    answer         what the door answered, then or now
    """

    command: Command
    actor: Actor
    key: str = ""
    answering: Callable[[Any], Any] | None = None
    repeated: bool = False
    answer: Any = None
    is_dry_run: bool = False
    nested: bool = False
    anew: list[Callable[[], None]] = field(default_factory=list)
    before_commit: list[Callable[[Any], None]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why, in the actor's words; a command that needs one has the field."""
        return str(getattr(self.command, "reason", ""))


Next = Callable[[Envelope], Any]
Middleware = Callable[[Envelope, Next], Any]

current_envelope: ContextVar[Envelope | None] = ContextVar("envelope", default=None)
"""The innermost command being handled."""
