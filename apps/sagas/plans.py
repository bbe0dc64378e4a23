"""What a run does next: a transition at once, an attempt at the commands of a step, or the evaluation of a wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from .declaration import Saga
from .models import LogEntry, Run
from .steps import ActionStep, Trigger, Wait
from .store import write_log
from .transitions import compensate, stop_for_operator

Commands = Callable[[Any], Any]
"""A command for a Step, scoped commands for an ExternalStep, made from the data of the run."""
Move = Callable[[Run, str], None]
"""A change of the state of a run, with its reason."""


class Phase(Enum):
    """The part of the process that a run is in. It decides what a failure leads to. After the pivot, a step, the
    process only goes forward."""

    BEFORE_PIVOT = auto()
    AFTER_PIVOT = auto()
    COMPENSATING = auto()


ON_FAILURE: Mapping[Phase, Move] = {
    Phase.BEFORE_PIVOT: compensate,
    Phase.AFTER_PIVOT: stop_for_operator,
    Phase.COMPENSATING: stop_for_operator,
}
"""The move of a run whose step has failed for good. To skip a failed compensation would leave the process half
undone."""


@dataclass(frozen=True)
class Transition:
    """A move with its reason; after an attempt, with an entry of the log about it."""

    move: Move
    reason: str
    log: LogEntry.Kind | None = None

    def apply(self, run: Run) -> None:
        if self.log:
            write_log(run, self.log, self.reason)
        self.move(run, self.reason)


@dataclass(frozen=True)
class Attempt:
    """The commands of a step, or of its compensation."""

    saga: Saga
    step: Trigger[Any] | ActionStep
    phase: Phase
    commands: Commands


@dataclass(frozen=True)
class Evaluation:
    """The condition of a wait."""

    saga: Saga
    wait: Wait[Any]
    phase: Phase


Plan = Transition | Attempt | Evaluation
