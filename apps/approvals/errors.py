"""Refusals of approvals. The SQLSTATEs BA001… are raised by the database for the same rules (migration 0002)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class ApprovalRequired(Forbidden):
    message = _(
        "{title} needs the approval of another person. Request it: in the console by the button of the same page,"
        " or by POST /api/v1/approvals/ with the command, its fields and a reason."
    )
    enforced_by = ("BA004",)


class ApprovalNotRequired(Conflict):
    message = _("{title} needs no approval here: execute it directly.")


class ReasonMissing(ReasonRequired):
    pass


class RequesterIsNoUser(Forbidden):
    message = _("An approval is requested by a user. {actor} is none.")


class UserUnknown(NotFound):
    message = _("There is no active user with the address {email}.")


class RequestUnknown(NotFound):
    message = _("There is no approval request {request_id}.")


class RequestNotPending(Conflict):
    message = _("The request is {state}.")
    enforced_by = ("BA001",)


class RequestExpired(Conflict):
    message = _("The request expired on {expires_at:%d %B %Y, %H:%M} UTC. Request the approval again.")


class RequestChanged(Conflict):
    message = _("The request was changed meanwhile: read revision {revision} before you decide.")


class ApproverIsRequester(Forbidden):
    message = _("A request is approved by a person who did not make or change it.")
    enforced_by = ("BA002",)


class AlreadyApproved(Conflict):
    message = _("{person} approved this request already. It needs another person.")
    enforced_by = ("approvals_one_decision_each",)


class ApproverLacksPermission(Forbidden):
    message = _("To decide on {kind} requires the permission {permission}.")


class NotYourRequest(Forbidden):
    message = _("A request is withdrawn and changed by {requester}, its requester.")


class BaseChanged(Conflict):
    message = _("The data has changed since the approval was requested. Request it again.")


class ContentChanged(Conflict):
    message = _("The stored command differs from the one that was approved.")


class SubjectChanged(Conflict):
    message = _("A request stays about the same object. Withdraw it, and request another approval.")


class RequesterGone(Conflict):
    message = _("{requester}, the requester, is no longer active.")


class ExecutionInProgress(Conflict):
    message = _("The approved command is being executed.")
    retry_after = 1


class TransitionNotAllowed(Invalid):
    message = _("A request cannot be closed as {state} by a command.")


class ApproversMissing(Conflict):
    message = _("The request lacks approvals of its present revision.")
    enforced_by = ("BA003",)
