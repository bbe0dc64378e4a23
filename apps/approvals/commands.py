"""Commands of approvals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import multiline, secret

VIEW, REQUEST, DECIDE = (
    "approvals.view_approvalrequest",
    "approvals.request_approval",
    "approvals.decide_request",
)


@dataclass(frozen=True, kw_only=True)
class RequestApproval(Command):
    """Ask other people to approve a command. After their approval it is executed in your name.

    `command` is a name as in `manage.py commands`, `fields` are its fields. They may be confidential, so the audit log
    refers to the request.
    """

    permission = REQUEST
    runs_while_closed = True
    audit_message = gettext_noop("requested approval of {command}: {result}")

    command: str
    fields: dict[str, Any] = field(metadata=secret, repr=False)
    reason: str


@dataclass(frozen=True, kw_only=True)
class ChangeRequest(Command):
    """Change the fields of a pending or approved request. Earlier approvals are void."""

    permission = REQUEST
    runs_while_closed = True
    audit_message = gettext_noop("changed {result}")

    request_id: int
    fields: dict[str, Any] = field(metadata=secret, repr=False)
    reason: str


@dataclass(frozen=True, kw_only=True)
class ApproveRequest(Command):
    """Approve a request in the revision that you have read. With the last required approval the command is executed."""

    permission = DECIDE
    runs_while_closed = True
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("approved {result}, revision {revision}")

    request_id: int
    revision: int
    comment: str = field(default="", metadata=multiline)


@dataclass(frozen=True, kw_only=True)
class RejectRequest(Command):
    """Reject a request, with a reason that its requester reads."""

    permission = DECIDE
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("rejected {result}")

    request_id: int
    revision: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WithdrawRequest(Command):
    """Withdraw your own request. Its command is not executed."""

    permission = REQUEST
    runs_while_closed = True
    audit_message = gettext_noop("withdrew {result}")

    request_id: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class CloseRequest(Command):
    """Close a request whose command cannot be executed: it expired, the data changed, or the command was refused."""

    permission = DECIDE
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("closed {result}: {outcome}")

    request_id: int
    state: str
    outcome: str
