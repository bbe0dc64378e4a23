"""What sagas tell: that a run is to go on. One event for each queue, since a listener has one."""

from dataclasses import dataclass, field
from typing import ClassVar
from uuid import uuid4

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SagaDue(Event):
    """A run is to go on, or to look whether it may. `woken` has a run that waits look at once."""

    name = "saga.due"
    internal: ClassVar[bool] = True

    run_id: int
    woken: bool = False
    call: str = field(default_factory=lambda: uuid4().hex)

    @property
    def aggregate(self) -> str:
        """Each call is heard by itself: neither a look that is planned for tomorrow nor a dead letter holds back
        another."""
        return f"saga_run:{self.run_id}:{self.call}"


@dataclass(frozen=True, kw_only=True)
class FinancialSagaDue(SagaDue):
    name = "saga.due_financial"


DUE: dict[str, type[SagaDue]] = {"default": SagaDue, "financial": FinancialSagaDue}


@dataclass(frozen=True, kw_only=True)
class SagaStuck(Event):
    """A run can do nothing more without an operator."""

    name = "saga.stuck"

    run_id: int
    saga: str
    subject: str
    step: str
    why: str

    @property
    def aggregate(self) -> str:
        return f"saga_run:{self.run_id}"
