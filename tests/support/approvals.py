"""Second people, and commands that they approve."""

from __future__ import annotations

from typing import Any

import pytest

from apps.approvals.commands import ApproveRequest, RequestApproval
from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest
from apps.bus import Command, dispatch
from apps.identity.commands import InviteOperator
from apps.identity.models import User
from apps.kernel.plain import to_whole
from apps.kernel.tenant import TenantInfo, activate, current_tenant

from .database import TESTER
from .people import accept, new_user

COLLEAGUE = "Cora Colleague"
REASON = "As agreed with the data protection officer."


@pytest.fixture
def second_owner(acme: TenantInfo) -> User:
    return another_owner(acme)


@pytest.fixture
def second_operator(db: None) -> User:
    return accept(dispatch(InviteOperator(email="otis@bursar.example", name="Otis Operator"), actor=TESTER))


def another_owner(tenant: TenantInfo, login: str = "oda", name: str = "Oda Owner") -> User:
    with activate(tenant):
        user = new_user(f"{login}@{tenant.slug}.example", name, "owner")
        user.get_all_permissions()  # read while the tenant is current
        return user


def requested(command: Command, requester: User, reason: str = REASON) -> ApprovalRequest:
    request = RequestApproval(command=command.command_name(), fields=to_whole(command), reason=reason)
    stored: ApprovalRequest = dispatch(request, actor=requester)
    return stored


def approve(request: ApprovalRequest, approver: User) -> Any:
    return dispatch(ApproveRequest(request_id=request.pk, revision=request.revision), actor=approver)


def approved(command: Command, requester: User, approver: User) -> ApprovalRequest:
    """Requested, approved, and executed as by a worker."""
    request = requested(command, requester)
    approve(request, approver)
    execute(request.pk)
    request.refresh_from_db()
    return request


def dispatch_approved(command: Command, requester: User) -> str:
    """As `dispatch`, with the approval of another owner. Returns the text of the result."""
    colleague = User.objects.filter(name=COLLEAGUE).first() or another_owner(
        required_tenant(), "colleague", COLLEAGUE
    )
    request = approved(command, requester, colleague)
    assert request.state == ApprovalRequest.State.EXECUTED, request.outcome
    return request.outcome


def required_tenant() -> TenantInfo:
    tenant = current_tenant()
    assert tenant is not None
    return tenant
