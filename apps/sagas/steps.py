"""The kinds of steps of a saga. Each step names its compensation on the same line as its action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from apps.bus import Command
from apps.kernel.tenant import TenantInfo

D = TypeVar("D")


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

    Whatever changes the condition wakes the run by `apps.sagas.scheduling.resume(subject)`, usually in a listener of
    its event. Waiting publishes nothing. An hourly sweep evaluates it too: it finds a lost wake-up, a condition
    that time alone changes, and the end of `timeout`.
    """

    name: str
    until: Callable[[D], bool]
    timeout: dt.timedelta = dt.timedelta(days=7)


ActionStep = Step[Any] | ExternalStep[Any]
AnyStep = Trigger[Any] | ActionStep | Wait[Any]
