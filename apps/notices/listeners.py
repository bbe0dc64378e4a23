"""Announcements of events of other apps. An event that is delivered twice is announced once: the notice commits with
the mark that the listener has handled it."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.approvals import queries as approvals
from apps.approvals.events import ApprovalClosed, ApprovalRequested
from apps.bus import dispatch
from apps.events import listens_to
from apps.identity.events import RefreshTokenReused
from apps.impersonation.events import SupportSessionOpened
from apps.jobs.events import JobFinished
from apps.kernel.actors import Steward
from apps.schedules.events import ScheduledCommandRefused
from apps.tenancy.events import TenantQueuedForDeletion, TenantSuspended

from . import kinds, queries
from .commands import SendAnnouncement
from .hooks import Kind
from .rules import MAX_TEXT_LENGTH

ACTOR = Steward("Notices")
LONG_JOB_S = 60
"""A shorter job is finished while its sender looks at its page."""


def _announce(kind: Kind, subject: str, text: str, *to: str) -> None:
    command = SendAnnouncement(kind=kind.name, subject=subject, text=text[:MAX_TEXT_LENGTH], to=to)
    dispatch(command, actor=ACTOR)


@listens_to(TenantSuspended, queue="low")
def announce_suspension(event: TenantSuspended) -> None:
    """To the operators. The tenant's administrators are notified by the saga that suspends it."""
    _announce(
        kinds.TENANT_SUSPENDED,
        gettext("{slug} is suspended").format(slug=event.slug),
        gettext("The tenant {slug} was suspended: {reason}").format(slug=event.slug, reason=event.reason),
        queries.OPERATORS,
    )


@listens_to(TenantQueuedForDeletion, queue="low")
def announce_deletion(event: TenantQueuedForDeletion) -> None:
    _announce(
        kinds.TENANT_QUEUED_FOR_DELETION,
        gettext("{slug} will be erased").format(slug=event.slug),
        gettext("The tenant {slug} was queued for deletion: {reason}").format(
            slug=event.slug, reason=event.reason
        ),
        queries.OPERATORS,
    )


@listens_to(SupportSessionOpened, queue="low")
def announce_support_session(event: SupportSessionOpened) -> None:
    _announce(
        kinds.SUPPORT_SESSION_OPENED,
        gettext("Support session in your tenant"),
        gettext(
            "{operator} of the platform's support opened a session as {user_name}: {reason}\n\n"
            "The session ends by {ends_at:%d %B %Y, %H:%M} UTC. Its actions are in your audit log, under both names."
        ).format(
            operator=event.operator, user_name=event.user_name, reason=event.reason, ends_at=event.ends_at
        ),
        "owner",
    )


@listens_to(RefreshTokenReused, queue="low")
def announce_reused_token(event: RefreshTokenReused) -> None:
    address = queries.address_of(event.user_id)
    if not address:
        return
    _announce(
        kinds.TOKEN_REUSED,
        gettext("A session of yours was ended"),
        gettext(
            "Its refresh token was used twice ({device}), so it may have been stolen."
            " Sign in again; if you do not recognise the device, choose a new password."
        ).format(device=event.device or gettext("an unnamed device")),
        address,
    )


@listens_to(JobFinished, queue="low")
def announce_finished_job(event: JobFinished) -> None:
    """To its sender, unless it was done at once."""
    address = queries.address_of(event.actor_id) if event.actor_id else ""
    if not address or (event.is_done and event.seconds < LONG_JOB_S):
        return
    _announce(
        kinds.JOB_FINISHED,
        (gettext("Job {job_id} is done") if event.is_done else gettext("Job {job_id} has failed")).format(
            job_id=event.job_id
        ),
        gettext("The page of the job has its result.") if event.is_done else event.error,
        address,
    )


@listens_to(ScheduledCommandRefused, queue="low")
def announce_refused_command(event: ScheduledCommandRefused) -> None:
    """To its sender, for another attempt."""
    address = queries.address_of(event.actor_id) if event.actor_id else ""
    if not address:
        return
    _announce(
        kinds.SCHEDULED_COMMAND_REFUSED,
        gettext("Your scheduled command was not executed"),
        gettext("{command} (no. {number}) was refused: {error}").format(
            command=event.command, number=event.scheduled_command_id, error=event.error
        ),
        address,
    )


@listens_to(ApprovalRequested, queue="low")
def announce_approval_request(event: ApprovalRequested) -> None:
    """To the users that may decide."""
    approvers = approvals.approvers_of(event.kind, without=[event.requester_id])
    if not approvers:
        return
    _announce(
        kinds.APPROVAL_REQUESTED,
        gettext("An approval is requested: {title}").format(title=approvals.title_of(event.request_id)),
        gettext("{reason}\n\nDecide on it in the console: {page}").format(
            reason=event.reason, page=approvals.page_of(event.request_id)
        ),
        *(user.email for user in approvers),
    )


@listens_to(ApprovalClosed, queue="low")
def announce_end_of_approval(event: ApprovalClosed) -> None:
    """To the requester."""
    address = queries.address_of(event.requester_id)
    if not address or event.state == "withdrawn":
        return
    _announce(
        kinds.APPROVAL_CLOSED,
        gettext("Your request {number}: {state}").format(
            number=event.request_id, state=approvals.state_label(event.state).lower()
        ),
        gettext("{title}\n\n{outcome}\n\n{page}").format(
            title=approvals.title_of(event.request_id),
            outcome=event.outcome,
            page=approvals.page_of(event.request_id),
        ),
        address,
    )
