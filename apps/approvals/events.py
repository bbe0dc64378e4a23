"""Events of approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from apps.events import Event

if TYPE_CHECKING:
    from .models import ApprovalRequest


@dataclass(frozen=True, kw_only=True)
class _OfRequest(Event):
    request_id: int

    @property
    def aggregate(self) -> str:
        return f"approval:{self.request_id}"


@dataclass(frozen=True, kw_only=True)
class ApprovalRequested(_OfRequest):
    """An approval was requested, or its request was changed."""

    name = "approval.requested"

    kind: str
    command: str
    requester_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApprovalGranted(_OfRequest):
    """The quorum has approved. The command is executed by a worker."""

    name = "approval.granted"
    internal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class ApprovalClosed(_OfRequest):
    """A request ended: executed, failed, rejected, withdrawn, expired or void."""

    name = "approval.closed"

    command: str
    requester_id: int
    state: str
    outcome: str

    @classmethod
    def of(cls, request: ApprovalRequest) -> ApprovalClosed:
        return cls(
            request_id=request.pk,
            command=request.command,
            requester_id=request.requester_id,
            state=request.state,
            outcome=request.outcome,
        )
