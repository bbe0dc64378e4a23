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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, Generic, TypeVar

from apps.bus import Command
from apps.kernel.tenant import TenantInfo

D = TypeVar("D")
NAME = re.compile(r"\A[a-z_]+\.[a-z_]+\Z")


def NO_COMPENSATION(data: Any) -> None:  # noqa: N802 - used in place of a compensation
    """The compensation of a step without lasting effects."""


@dataclass(frozen=True)
class Trigger(Generic[D]):
    """The change that starts the saga. It precedes the first step and is compensated last, whatever the reason.

    compensation  its command; may be dispatched more than once
    retries       after the first attempt
    """

    name: str
    compensation: Callable[[D], Command]
    retries: int = 3


@dataclass(frozen=True)
class Step(Generic[D]):
    """One command, in one transaction with the state of the run: never half done, never done twice.

    action        the command, made from the data
    compensation  its inverse; required before the pivot. It may be dispatched more than once and must then be correct
    carry         the data for later steps, from the data and the result of the command
    retries       after the first attempt, in each direction
    pivot         after this step there is no compensation: later steps are retried until they succeed, or wait for
                  an operator
    """

    name: str
    action: Callable[[D], Command]
    compensation: Callable[[D], Command | None] | None = None
    carry: Callable[[D, Any], D] | None = None
    retries: int = 3
    pivot: bool = False


@dataclass(frozen=True)
class ScopedCommand:
    """A command with its scope: a tenant, or None for the platform."""

    command: Command
    tenant: TenantInfo | None = None


@dataclass(frozen=True)
class ExternalStep(Generic[D]):
    """Commands that cannot share the transaction of the run: those inside another tenant, and long-running ones.

    They are dispatched one by one, each under its own idempotency key, and the run moves after the last. A crash in
    between repeats the step, and each command takes effect once; a long-running one (`atomic = False`) continues
    after its last finished part. One executor at a time runs the step. The progress of a long-running command is the
    progress of the run.

    action        the commands, made from the data: always the same ones for the same data
    compensation  their inverse, correct after all, some or none of them: a run that compensates from an external step
                  begins with this. NO_COMPENSATION where no effect outlives the steps before
    carry         the data for later steps, from the data and the list of results
    retries, pivot  as of a Step
    """

    name: str
    action: Callable[[D], Iterable[ScopedCommand]]
    compensation: Callable[[D], Iterable[ScopedCommand] | None] | None = None
    carry: Callable[[D, Any], D] | None = None
    retries: int = 3
    pivot: bool = False


@dataclass(frozen=True)
class Wait(Generic[D]):
    """Continues when `until` returns True; a Refusal raised by it starts the compensation.

    The condition is evaluated every `poll_interval`, at once after `apps.sagas.runs.resume(subject)`, and fails after
    `timeout`.
    """

    name: str
    until: Callable[[D], bool]
    poll_interval: dt.timedelta = dt.timedelta(minutes=1)
    timeout: dt.timedelta = dt.timedelta(days=7)


ActionStep = Step[Any] | ExternalStep[Any]
AnyStep = Trigger[Any] | ActionStep | Wait[Any]
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
    title: str
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
    faults = []
    if not NAME.match(saga.name):
        faults.append("is not named app.verb_noun")
    if saga.name in SAGAS:
        faults.append("exists already")
    if not is_dataclass(saga.data):
        faults.append("has data that is no dataclass")
    if saga.queue not in ("default", "financial"):
        faults.append(f"cannot run on the queue {saga.queue}")
    if not saga.steps or len({step.name for step in saga.all_steps}) < len(saga.all_steps):
        faults.append("needs steps with unique names")
    faults += [f"has no compensation of “{name}”" for name in _without_compensation(saga.steps)]
    return faults


def _without_compensation(steps: Sequence[ActionStep | Wait[Any]]) -> Sequence[str]:
    """Steps before the pivot (all, where there is no pivot) that declare no compensation."""
    pivots = [index for index, step in enumerate(steps) if not isinstance(step, Wait) and step.pivot]
    before = steps[: pivots[0]] if pivots else steps
    return [step.name for step in before if not isinstance(step, Wait) and step.compensation is None]
