"""Handlers of approvals."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.approval import ApprovalKind
from apps.bus.fresh_authentication import must_be_fresh
from apps.events import publish
from apps.kernel.actors import acting, impersonator
from apps.kernel.clock import now
from apps.kernel.plain import to_plain
from apps.kernel.reasons import reason_must_be_given

from . import queries, rules
from .commands import (
    ApproveRequest,
    ChangeRequest,
    CloseRequest,
    RejectRequest,
    RequestApproval,
    WithdrawRequest,
)
from .contents import Content, content_of
from .errors import ReasonMissing
from .events import ApprovalClosed, ApprovalGranted, ApprovalRequested
from .models import ApprovalRequest, Decision, Revision
from .rules import Person

State, Verdict = ApprovalRequest.State, Decision.Verdict


@handles(RequestApproval, emits=(ApprovalRequested,))
def request_approval(command: RequestApproval) -> ApprovalRequest:
    wanted = rules.command_must_be_valid(command.command, command.fields)
    kind = rules.approval_must_be_required(wanted)
    person = rules.a_user_must_act(acting())
    reason = reason_must_be_given(command.reason, ReasonMissing)
    must_be_fresh(type(wanted), person.actor)
    rules.dry_run_must_pass(wanted, person.actor)

    content = content_of(wanted)
    request = _created(kind, content, person)
    _add_revision(request, content, person, reason)

    publish(_requested(request, reason))
    return request


@handles(ChangeRequest, emits=(ApprovalRequested,))
def change_request(command: ChangeRequest) -> ApprovalRequest:
    request = rules.request_must_exist(command.request_id)
    rules.request_must_be_in(request, State.PENDING, State.APPROVED)
    person = rules.a_user_must_act(acting())
    rules.request_must_be_own(request, person)
    reason = reason_must_be_given(command.reason, ReasonMissing)
    wanted = rules.command_must_be_valid(request.command, command.fields)
    rules.subject_must_be_the_same(request, wanted)
    rules.dry_run_must_pass(wanted, person.actor)

    request.revision += 1
    _add_revision(request, content_of(wanted), person, reason)
    request.reopen()

    publish(_requested(request, reason))
    return request


@handles(ApproveRequest, emits=(ApprovalGranted,))
def approve_request(command: ApproveRequest) -> ApprovalRequest:
    request, revision, person = _decided(command)
    content = rules.content_must_be_intact(request)

    _decide(revision, Verdict.APPROVED, person, command.comment)
    if len(queries.approvals_of(request)) >= request.quorum:
        request.become(State.APPROVED)
        publish(ApprovalGranted(request_id=request.pk), queue=content.command.queue)

    return request


@handles(RejectRequest, emits=(ApprovalClosed,))
def reject_request(command: RejectRequest) -> ApprovalRequest:
    request, revision, person = _decided(command)
    reason = reason_must_be_given(command.reason, ReasonMissing)

    _decide(revision, Verdict.REJECTED, person, reason)
    request.become(State.REJECTED, reason)

    publish(ApprovalClosed.of(request))
    return request


@handles(WithdrawRequest, emits=(ApprovalClosed,))
def withdraw_request(command: WithdrawRequest) -> ApprovalRequest:
    request = rules.request_must_exist(command.request_id)
    rules.request_must_be_in(request, State.PENDING, State.APPROVED)
    rules.request_must_be_own(request, rules.a_user_must_act(acting()))

    request.become(State.WITHDRAWN, command.reason)

    publish(ApprovalClosed.of(request))
    return request


@handles(CloseRequest, emits=(ApprovalClosed,))
def close_request(command: CloseRequest) -> ApprovalRequest:
    state = rules.state_must_be_closed_by_command(command.state)
    request = rules.request_must_exist(command.request_id)
    rules.transition_must_be_allowed(request, state)

    request.become(state, command.outcome)

    publish(ApprovalClosed.of(request))
    return request


def _created(kind: ApprovalKind, content: Content, person: Person) -> ApprovalRequest:
    return ApprovalRequest.objects.create(
        kind=kind.name,
        command=content.command.command_name(),
        subject=content.command.approval_subject(),
        quorum=kind.quorum,
        requester_id=person.id,
        requester_name=person.name,
        requested_at=now(),
        expires_at=now() + kind.valid_for,
    )


def _add_revision(request: ApprovalRequest, content: Content, person: Person, reason: str) -> None:
    support = impersonator()
    Revision.objects.create(
        request=request,
        number=request.revision,
        digest=content.digest,
        base_revision=content.base_revision,
        shown=to_plain(content.command),
        sealed=content.sealed(request.pk, request.revision),
        editor_id=person.id,
        editor_name=person.name,
        operator=support.operator if support else "",
        support_session=support.session_number if support else 0,
        reason=reason,
        made_at=now(),
    )


def _decided(command: ApproveRequest | RejectRequest) -> tuple[ApprovalRequest, Revision, Person]:
    """The request and its present revision, on which the actor may decide."""
    request = rules.request_must_exist(command.request_id)
    rules.request_must_be_in(request, State.PENDING)
    revision = rules.revision_must_be_present(request, command.revision)
    person = rules.a_user_must_act(acting())
    rules.decider_must_have_permission(request, person.actor)
    rules.decider_must_be_another_person(request, person)
    return request, revision, person


def _decide(revision: Revision, verdict: Decision.Verdict, person: Person, reason: str) -> None:
    Decision.objects.create(
        revision=revision,
        verdict=verdict,
        approver_id=person.id,
        approver_name=person.name,
        reason=reason,
        decided_at=now(),
    )


def _requested(request: ApprovalRequest, reason: str) -> ApprovalRequested:
    return ApprovalRequested(
        request_id=request.pk,
        kind=request.kind,
        command=request.command,
        requester_id=request.requester_id,
        reason=reason,
    )
