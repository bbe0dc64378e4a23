"""The envelope: a command in execution, with its actor, key and outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

from apps.kernel.actors import Actor
from apps.kernel.errors import Refusal

from .commands import Command


@dataclass
class Envelope:
    """The argument of the middleware.

    is_dry_run       True when all changes are rolled back and nothing is recorded
    nested           True inside the handler of another command
    anew             callbacks before the handler starts, and before each retry of the transaction
    before_commit    callbacks with the result, inside the command's transaction, after its handler
    key              the caller's name for this request
    version          the version of the edited thing that the sender saw; None if the sender saw none
    render_response  makes the response of the result; stored with the key
    repeated         True when an earlier request had the effect
    response         the response of the first execution
    refused_texts    refusals of texts with a character that is not allowed
    began            the value of `perf_counter` at the beginning
    """

    command: Command
    actor: Actor
    key: str = ""
    version: str | None = None
    render_response: Callable[[Any], Any] | None = None
    repeated: bool = False
    response: Any = None
    is_dry_run: bool = False
    nested: bool = False
    anew: list[Callable[[], None]] = field(default_factory=list)
    before_commit: list[Callable[[Any], None]] = field(default_factory=list)
    refused_texts: Sequence[Refusal] = ()
    began: float = field(default_factory=perf_counter)

    @property
    def reason(self) -> str:
        """The reason that the actor gave; commands that need one have the field."""
        return str(getattr(self.command, "reason", ""))

    @property
    def seconds(self) -> float:
        """The time since the beginning."""
        return perf_counter() - self.began


Next = Callable[[Envelope], Any]


class Middleware(Protocol):
    def __call__(self, envelope: Envelope, next: Next) -> Any:
        """Handles the command, usually by `next(envelope)`."""


current_envelope: ContextVar[Envelope | None] = ContextVar("envelope", default=None)
"""The innermost command being handled."""
