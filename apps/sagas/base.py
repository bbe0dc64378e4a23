"""What a saga is: its steps in order, each with its way back on the same line.

ORDER_TO_CASH = Saga(
    name="sales.order_to_cash",
    data=OrderToCash,
    cause=Cause("place order", back=lambda d: CancelOrder(…)),
    steps=(
        Step("reserve stock", lambda d: ReserveStock(…), back=lambda d: ReleaseStock(…)),
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


def NOTHING(data: Any) -> None:  # noqa: N802 - stands where a way back is named
    """The way back of a step that leaves nothing to take back."""


@dataclass(frozen=True)
class Cause(Generic[D]):
    """What the saga is begun by: it is done before the first step, and taken back after it, whatever the saga turned
    back for. So nothing that a step left undone leaves it standing.

    back     its compensation, which may be asked again
    retries  after the first try
    """

    name: str
    back: Callable[[D], Command]
    retries: int = 3


@dataclass(frozen=True)
class Step(Generic[D]):
    """One command, done in one transaction with the saga's own state, so never half and never twice.

    forth    the command, made from the data
    back     its compensation; every step before the pivot has one (row SAG-02). It may be asked again, and is
             right then
    keep     the data for the steps to come, from the data and what the command returned
    retries  after the first try, of each direction
    pivot    when this is done there is no turning back: what follows is tried until it is done, or waits for an
             operator
    """

    name: str
    forth: Callable[[D], Command]
    back: Callable[[D], Command | None] | None = None
    keep: Callable[[D, Any], D] | None = None
    retries: int = 3
    pivot: bool = False


@dataclass(frozen=True)
class Asked:
    """A command, and where it is to be done: in a tenant, or on the platform."""

    command: Command
    tenant: TenantInfo | None = None


@dataclass(frozen=True)
class Errand(Generic[D]):
    """Commands that cannot share the saga's transaction: those inside of another tenant, and long ones.

    They are done one by one, and only then the run moves. Whoever dies between does the errand again, so each command
    is asked under a key of its own and done once; a long one (`atomic = False`) goes on by itself where it was cut
    off. Of two executors one is on the errand. How far a long command says it is, is how far the run is.

    forth    the commands, made from the data: the same ones from the same data
    back     those that take them back, also where all, some or none of them were done: a journey that turns back on
             an errand takes this back first. NOTHING where it leaves nothing that outlives the steps before it
    keep     the data for the steps to come, from the data and the list of what the commands returned
    retries, pivot  as of a Step
    """

    name: str
    forth: Callable[[D], Iterable[Asked]]
    back: Callable[[D], Iterable[Asked] | None] | None = None
    keep: Callable[[D, Any], D] | None = None
    retries: int = 3
    pivot: bool = False


@dataclass(frozen=True)
class Wait(Generic[D]):
    """Goes on when `until` says True; a Refusal that it raises turns the saga back.

    `apps.sagas.runs.wake(subject)` makes it look at once; it looks by itself every `look_every`, and gives up after
    `at_most`.
    """

    name: str
    until: Callable[[D], bool]
    look_every: dt.timedelta = dt.timedelta(minutes=1)
    at_most: dt.timedelta = dt.timedelta(days=7)


Deed = Step[Any] | Errand[Any]
AnyStep = Cause[Any] | Deed | Wait[Any]
SAGAS: dict[str, Saga] = {}


@dataclass(frozen=True, kw_only=True)
class Saga:
    """A journey through several apps. Known for ever by `name`; its steps are known by theirs, so that a run which
    is under way survives a change of the code.

    data      a frozen dataclass: what the steps hand on
    cause     what it is begun by, where that is to be taken back with it
    queue     where it runs: financial or default
    repeats   whether it may set out again for the same subject, when the run before has ended
    deadline  how long the whole may take before it turns back
    Raises TypeError for a saga without a way back.
    """

    name: str
    title: str
    data: type[Any]
    steps: Sequence[Deed | Wait[Any]]
    cause: Cause[Any] | None = None
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
    def whole_way(self) -> Sequence[AnyStep]:
        """The steps, after what it is begun by."""
        return (self.cause, *self.steps) if self.cause else self.steps

    def step(self, name: str) -> AnyStep | None:
        return next((each for each in self.whole_way if each.name == name), None)

    def after(self, name: str) -> str:
        """The name of the step that follows; empty after the last."""
        following = self.names[self.names.index(name) + 1 :]
        return following[0] if following else ""

    def percent_at(self, name: str, share: float = 0.0) -> int:
        """How much of the way is behind a run of which the named step is next, and done to this share."""
        passed = self.names.index(name) if name in self.names else 0
        return int(100 * (passed + min(max(share, 0.0), 1.0)) / len(self.steps))


def _faults(saga: Saga) -> Sequence[str]:
    faults = []
    if not NAME.match(saga.name):
        faults.append("is not named app.verb_noun")
    if saga.name in SAGAS:
        faults.append("is there already")
    if not is_dataclass(saga.data):
        faults.append("has data that is no dataclass")
    if saga.queue not in ("default", "financial"):
        faults.append(f"cannot run on the queue {saga.queue}")
    if not saga.steps or len({each.name for each in saga.whole_way}) < len(saga.whole_way):
        faults.append("needs steps with names of their own")
    faults += [f"has no way back from “{name}”" for name in _without_way_back(saga.steps)]
    return faults


def _without_way_back(steps: Sequence[Deed | Wait[Any]]) -> Sequence[str]:
    """Steps before the pivot that name no compensation; a saga without a pivot can turn back to its end."""
    pivots = [index for index, each in enumerate(steps) if not isinstance(each, Wait) and each.pivot]
    before = steps[: pivots[0]] if pivots else steps
    return [each.name for each in before if not isinstance(each, Wait) and each.back is None]
