"""Events of sagas."""

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import uuid4

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SagaDue(Event):
    """A run is to be advanced. With `resumed`, a run that waits evaluates its condition now."""

    name = "saga.due"
    internal: ClassVar[bool] = True

    run_id: int
    resumed: bool = False
    call_id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def aggregate(self) -> str:
        """A key of its own for each event: neither a scheduled one nor a dead letter blocks another."""
        return f"saga_run:{self.run_id}:{self.call_id}"


@dataclass(frozen=True, kw_only=True)
class SagaStuck(Event):
    """A run cannot continue without an operator."""

    name = "saga.stuck"

    run_id: int
    saga: str
    subject: str
    step: str
    why: str

    @property
    def aggregate(self) -> str:
        return f"saga_run:{self.run_id}"
