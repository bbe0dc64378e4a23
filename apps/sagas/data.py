"""The data of a run, which its steps share: stored as plain JSON, and declared as the dataclass of the saga."""

from __future__ import annotations

from typing import Any

from apps.kernel.plain import from_plain, to_plain

from .declaration import Saga
from .models import Run
from .steps import ActionStep


def data_of(run: Run, saga: Saga) -> Any:
    return from_plain(saga.data, run.data)


def carry(run: Run, saga: Saga, step: ActionStep, result: Any) -> None:
    """Puts the result of the step into the data for later steps."""
    if step.carry:
        run.data = to_plain(step.carry(data_of(run, saga), result))
