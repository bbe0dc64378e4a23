"""Declaration of a saga: its steps in order, each with its compensation on the same line.

ORDER_TO_CASH = Saga(
    name="sales.order_to_cash",
    data=OrderToCash,
    trigger=Trigger("place order", compensation=lambda d: CancelOrder(…)),
    steps=(
        Step("reserve stock", lambda d: ReserveStock(…), compensation=lambda d: ReleaseStock(…)),
        Wait("payment", until=lambda d: payments.is_confirmed(d.payment_id)),
        Step("issue invoice", lambda d: IssueInvoice(…), pivot=True),
    ),
)
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

from django.utils.functional import Promise

from .steps import ActionStep, AnyStep, Trigger, Wait

NAME = re.compile(r"\A[a-z_]+\.[a-z_]+\Z")
QUEUES = ("default", "financial")
SAGAS: dict[str, Saga] = {}


@dataclass(frozen=True, kw_only=True)
class Saga:
    """A process through several apps. Runs refer to `name` and to the names of steps, so these are permanent: a run in
    progress survives a deployment.

    data      a frozen dataclass: the state that steps share
    trigger   the change that starts the saga, where it is to be compensated as well
    queue     financial or default
    repeats   whether the saga may start again for a subject after the previous run has ended
    deadline  of the whole run; then it compensates
    Raises TypeError for a step without its compensation.
    """

    name: str
    title: str | Promise
    data: type[Any]
    steps: Sequence[ActionStep | Wait[Any]]
    trigger: Trigger[Any] | None = None
    queue: str = "default"
    repeats: bool = False
    deadline: dt.timedelta = dt.timedelta(days=14)

    def __post_init__(self) -> None:
        if faults := list(_faults(self)):
            raise TypeError(f"The saga {self.name} {', and '.join(faults)}.")
        SAGAS[self.name] = self

    @property
    def names(self) -> list[str]:
        return [step.name for step in self.steps]

    @property
    def all_steps(self) -> Sequence[AnyStep]:
        """The trigger, where there is one, and the steps."""
        return (self.trigger, *self.steps) if self.trigger else self.steps

    def step(self, name: str) -> AnyStep | None:
        return next((step for step in self.all_steps if step.name == name), None)

    def after(self, name: str) -> str:
        """The name of the following step; empty after the last."""
        following = self.names[self.names.index(name) + 1 :]
        return following[0] if following else ""

    def percent_at(self, name: str, share: float = 0.0) -> int:
        """Progress of a run in the named step, of which this share is done."""
        passed = self.names.index(name) if name in self.names else 0
        return int(100 * (passed + min(max(share, 0.0), 1.0)) / len(self.steps))


def _faults(saga: Saga) -> Sequence[str]:
    rules = (
        (NAME.match(saga.name), "is not named app.verb_noun"),
        (saga.name not in SAGAS, "exists already"),
        (is_dataclass(saga.data), "has data that is no dataclass"),
        (saga.queue in QUEUES, f"cannot run on the queue {saga.queue}"),
        (_have_unique_names(saga), "needs steps with unique names"),
    )
    without = [f"has no compensation of “{name}”" for name in _without_compensation(saga.steps)]
    return [fault for is_met, fault in rules if not is_met] + without


def _have_unique_names(saga: Saga) -> bool:
    return bool(saga.steps) and len({step.name for step in saga.all_steps}) == len(saga.all_steps)


def _without_compensation(steps: Sequence[ActionStep | Wait[Any]]) -> Sequence[str]:
    """Steps before the pivot (all, where there is no pivot) that declare no compensation."""
    pivots = [index for index, step in enumerate(steps) if not isinstance(step, Wait) and step.pivot]
    before = steps[: pivots[0]] if pivots else steps
    return [step.name for step in before if not isinstance(step, Wait) and step.compensation is None]
