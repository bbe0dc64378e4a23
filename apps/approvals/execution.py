"""Execution of an approved command, exactly once, in the name of its requester.

The request of an atomic command becomes executed in the command's transaction, under the lock of its row. That of a
long-running command is in execution while the steps commit; after a crash the delivery of `approval.granted` is
repeated, and the command resumes under the same idempotency key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from apps.bus import Command, dispatch, dispatch_once
from apps.bus.errors import FeatureOff, RequestInFlight
from apps.events import emitting_only, publish
from apps.kernel.actors import Support, System, approved_by, impersonated_by
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.models import collecting_changes

from . import queries, rules
from .commands import CloseRequest
from .errors import BaseChanged, ExecutionInProgress, RequestExpired
from .events import ApprovalClosed
from .models import ApprovalRequest

EXECUTION = Lock("{schema}:approval:{request}")
ACTOR = System("Approvals")
State = ApprovalRequest.State
TEMPORARY = (Unavailable, RequestInFlight, FeatureOff, ExecutionInProgress)
"""Refusals after which the execution is repeated."""


@dataclass(frozen=True)
class Execution:
    """The approved command that is being executed."""

    request_id: int
    command: Command

    def begin(self) -> None:
        """Raises the refusal of a request that is not, or no longer, approved. The audit record of the command has the
        command's own changes only."""
        with unit_of_work(), collecting_changes():
            request = rules.request_must_exist(self.request_id)
            resumable = () if self.command.atomic else (State.EXECUTING,)
            rules.request_must_be_in(request, State.APPROVED, *resumable)
            if request.state == State.APPROVED:
                request.become(State.EXECUTING)

    def finish(self, result: Any) -> None:
        request = rules.request_must_exist(self.request_id)
        request.become(State.EXECUTED, str(result))
        with emitting_only((ApprovalClosed,)):  # not by the handler of the command
            publish(ApprovalClosed.of(request))


_current: ContextVar[Execution | None] = ContextVar("approved_execution", default=None)


def current_execution() -> Execution | None:
    return _current.get()


def execute(request_id: int) -> None:
    """Nothing for a request that was executed before. A permanent refusal closes the request."""
    request = queries.request_with_id(request_id)
    if request is None or request.state not in (State.APPROVED, State.EXECUTING):
        return
    with advisory_lock(EXECUTION.key(request=request_id)) as is_free:
        if not is_free:
            raise ExecutionInProgress
        try:
            _dispatch(request)
        except TEMPORARY:
            raise
        except Refusal as refusal:
            _close(request, refusal)


def _dispatch(request: ApprovalRequest) -> None:
    rules.request_must_be_in(request, State.APPROVED, State.EXECUTING)
    if request.state == State.APPROVED:
        command = rules.content_must_be_intact(request).command
    else:
        command = queries.content_of(request).command  # its first steps changed the base
    requester = rules.requester_must_be_active(request)
    revision = queries.present_revision(request)
    support = Support(revision.operator, revision.support_session) if revision.operator else None
    names = tuple(decision.approver_name for decision in queries.approvals_of(request))
    with executing(Execution(request.pk, command)), impersonated_by(support), approved_by(names):
        dispatch_once(command, actor=requester, key=f"approval:{request.pk}.{request.revision}")


def _close(request: ApprovalRequest, refusal: Refusal) -> None:
    states: dict[type[Refusal], ApprovalRequest.State] = {
        RequestExpired: State.EXPIRED,
        BaseChanged: State.VOID,
    }
    request.refresh_from_db()
    if not request.is_open:
        return
    state = states.get(type(refusal), State.FAILED)
    outcome = " ".join(str(reason) for reason in refusal.refusals)
    dispatch(CloseRequest(request_id=request.pk, state=state, outcome=outcome), actor=ACTOR)


@contextmanager
def executing(execution: Execution) -> Iterator[None]:
    token = _current.set(execution)
    try:
        yield
    finally:
        _current.reset(token)
