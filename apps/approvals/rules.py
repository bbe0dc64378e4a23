"""Rules of approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.bus import Command
from apps.bus.approval import ApprovalKind
from apps.bus.approval_gate import needs_approval
from apps.bus.plain import from_entered_json
from apps.identity import queries as identity
from apps.identity.models import User
from apps.kernel.actors import Actor
from apps.kernel.errors import raise_all

from . import queries
from .contents import Content, base_revision_of
from .errors import (
    AlreadyApproved,
    ApprovalNotRequired,
    ApproverIsRequester,
    ApproverLacksPermission,
    BaseChanged,
    ContentChanged,
    NotYourRequest,
    RequestChanged,
    RequesterGone,
    RequesterIsNoUser,
    RequestExpired,
    RequestNotPending,
    RequestUnknown,
    SubjectChanged,
    TransitionNotAllowed,
)
from .models import ApprovalRequest, Revision
from .previews import preview

State = ApprovalRequest.State
CLOSED_BY_COMMAND = (State.EXPIRED, State.VOID, State.FAILED)


def command_must_be_valid(name: str, fields: dict[str, Any]) -> Command:
    """Raises CommandUnknown, CommandMalformed."""
    return from_entered_json({"command": name, "fields": fields})


def approval_must_be_required(command: Command) -> ApprovalKind:
    kind = type(command).approval
    if kind is None or not needs_approval(command):
        raise ApprovalNotRequired(title=command.title())
    return kind


@dataclass(frozen=True)
class Person:
    """The user that requests or decides."""

    actor: Actor
    id: int
    name: str


def a_user_must_act(actor: Actor | None) -> Person:
    """A system has no colleague that could approve, and is none."""
    if actor is None or actor.pk is None:
        raise RequesterIsNoUser(actor=actor)
    return Person(actor, actor.pk, str(actor)[:200])


def dry_run_must_pass(command: Command, actor: Actor) -> None:
    """Raises the refusals that the command would meet now, that of a missing permission included."""
    raise_all(preview(command, actor).refusals)


def request_must_exist(request_id: int) -> ApprovalRequest:
    """Locks the request: of concurrent decisions, the second sees the first."""
    request = ApprovalRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise RequestUnknown(request_id=request_id)
    return request


def request_must_be_in(request: ApprovalRequest, *states: State) -> None:
    if request.state not in states:
        raise RequestNotPending(state=request.get_state_display().lower())
    if request.is_overdue:
        raise RequestExpired(expires_at=request.expires_at)


def revision_must_be_present(request: ApprovalRequest, number: int) -> Revision:
    if number != request.revision:
        raise RequestChanged(revision=request.revision)
    return queries.present_revision(request)


def decider_must_be_another_person(request: ApprovalRequest, person: Person) -> None:
    """By account and by mailbox; one person may have several accounts."""
    editors = queries.editors_of(request)
    mailbox = queries.mailboxes_of([person.id])
    if person.id in editors or mailbox & queries.mailboxes_of(editors):
        raise ApproverIsRequester
    earlier = {decision.approver_id for decision in queries.approvals_of(request)}
    if person.id in earlier or mailbox & queries.mailboxes_of(earlier):
        raise AlreadyApproved(person=person.name)


def decider_must_have_permission(request: ApprovalRequest, actor: Actor) -> None:
    kind = request.approval_kind
    if kind is None or not actor.has_perm(kind.permission):
        raise ApproverLacksPermission(
            kind=kind.title if kind else request.kind, permission=kind.permission if kind else "?"
        )


def content_must_be_intact(request: ApprovalRequest) -> Content:
    """The stored command is the requested one. Raises ContentChanged, BaseChanged."""
    content = queries.content_of(request)
    command = content.command
    if command.command_name() != request.command or command.approval_subject() != request.subject:
        raise ContentChanged
    if base_revision_of(command) != content.base_revision:
        raise BaseChanged
    return content


def request_must_be_own(request: ApprovalRequest, person: Person) -> None:
    if person.id != request.requester_id:
        raise NotYourRequest(requester=request.requester_name)


def requester_must_be_active(request: ApprovalRequest) -> User:
    user = identity.actor(request.requester_id)
    if user is None:
        raise RequesterGone(requester=request.requester_name)
    return user


def subject_must_be_the_same(request: ApprovalRequest, command: Command) -> None:
    if command.approval_subject() != request.subject:
        raise SubjectChanged


def transition_must_be_allowed(request: ApprovalRequest, state: State) -> None:
    if (request.state, state) not in request.TRANSITIONS:
        raise RequestNotPending(state=request.get_state_display().lower())


def state_must_be_closed_by_command(state: str) -> State:
    if state not in CLOSED_BY_COMMAND:
        raise TransitionNotAllowed(state=state)
    return State(state)
