"""The event that carries a command to the workers of its queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class CommandSent(Event):
    """A command was queued for a worker.

    sending   unique name of the sending, and its ordering key
    operator  during impersonation the operator, with `support_session`
    """

    name = "command.sent"
    version = 2
    internal: ClassVar[bool] = True

    sending: str
    command: str
    fields: dict[str, Any]
    actor_id: int | None
    actor_name: str
    key: str
    operator: str
    support_session: int

    @property
    def aggregate(self) -> str:
        return f"command:{self.sending}"

    @classmethod
    def upcast(cls, payload: dict[str, Any], from_version: int) -> dict[str, Any]:
        return {"operator": "", "support_session": 0, **payload}
