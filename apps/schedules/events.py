"""The internal event of scheduled commands, for notices."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class ScheduledCommandRefused(Event):
    """A scheduled command was refused when it was due, or failed at each attempt."""

    name = "scheduled_command.refused"
    internal: ClassVar[bool] = True

    scheduled_command_id: int
    command: str
    actor_id: int | None
    error: str

    @property
    def aggregate(self) -> str:
        return f"scheduled_command:{self.scheduled_command_id}"
