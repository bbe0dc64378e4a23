"""Reads of approvals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext

from apps.bus.approval import approval_kinds
from apps.identity.models import User
from apps.kernel.actors import Actor
from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant

from .contents import Content, base_revision_of, opened
from .errors import BaseChanged
from .models import ApprovalRequest, Decision, RequestQuerySet, Revision


def request_with_id(request_id: int) -> ApprovalRequest | None:
    return ApprovalRequest.objects.filter(pk=request_id).first()


def present_revision(request: ApprovalRequest) -> Revision:
    return Revision.objects.get(request=request, number=request.revision)


def content_of(request: ApprovalRequest) -> Content:
    """The command as it was requested. Raises ContentChanged, SecretUnreadable, and ValueError after the end."""
    revision = present_revision(request)
    if not revision.sealed:
        raise ValueError(f"The fields of {request} are forgotten since its end.")
    return opened(revision.sealed, revision.digest, request.pk, revision.number)


def approvals_of(request: ApprovalRequest) -> Sequence[Decision]:
    return list(Decision.objects.approvals_of(request))


def editors_of(request: ApprovalRequest) -> set[int]:
    """The requester and everyone who changed the request."""
    editors = Revision.objects.filter(request=request).values_list("editor_id", flat=True)
    return {request.requester_id, *editors}


def mailboxes_of(user_ids: Collection[int]) -> set[str]:
    """Mailboxes of users. Accounts with one mailbox are one person: a+b@example.com is a@example.com."""
    addresses = User.objects.filter(pk__in=user_ids).values_list("email", flat=True)
    return {_mailbox(address) for address in addresses}


def _mailbox(address: str) -> str:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def awaiting(actor: Actor) -> RequestQuerySet:
    """Pending requests on which this user may decide: neither their own nor decided by them."""
    user_id = actor.pk or 0
    own = Revision.objects.filter(editor_id=user_id).values("request")
    decided = Decision.objects.filter(approver_id=user_id).values("revision__request")
    pending = ApprovalRequest.objects.pending().exclude(Q(pk__in=own) | Q(requester_id=user_id))
    kinds = [kind for kind, permission in _permissions().items() if actor.has_perm(permission)]
    return pending.filter(kind__in=kinds).exclude(pk__in=decided).order_by("expires_at", "id")


def requests_of(actor: Actor) -> RequestQuerySet:
    return ApprovalRequest.objects.filter(requester_id=actor.pk or 0).order_by("-id")


def history() -> RequestQuerySet:
    return ApprovalRequest.objects.order_by("-id")


def pending_requests() -> RequestQuerySet:
    """Of all people, the next to expire first."""
    return ApprovalRequest.objects.pending().order_by("expires_at", "id")


def requests_to_close() -> Iterator[tuple[int, str, str]]:
    """Id, state and outcome: requests that expired, and pending ones whose data has changed."""
    for request in ApprovalRequest.objects.overdue():
        yield request.pk, ApprovalRequest.State.EXPIRED, gettext("No decision before the time limit.")
    for request in ApprovalRequest.objects.pending().filter(expires_at__gt=now()):
        if has_changed_base(request):
            yield request.pk, ApprovalRequest.State.VOID, str(BaseChanged())


def has_changed_base(request: ApprovalRequest) -> bool:
    revision = present_revision(request)
    return (
        bool(revision.base_revision)
        and base_revision_of(content_of(request).command) != revision.base_revision
    )


def approvers_of(kind: str, *, without: Collection[int] = ()) -> Sequence[User]:
    """The active users that may decide on requests of the kind."""
    permission = _permissions().get(kind)
    users = User.objects.filter(is_active=True).exclude(pk__in=without).order_by("id")
    needed = (permission, "approvals.decide_request")
    return [user for user in users if permission and all(user.has_perm(name or "") for name in needed)]


def _permissions() -> dict[str, str]:
    return {name: kind.permission for name, kind in approval_kinds().items()}


def title_of(request_id: int) -> str:
    """Of the request's command; empty for an unknown request."""
    request = request_with_id(request_id)
    return request.title if request else ""


def state_label(state: str) -> str:
    return str(ApprovalRequest.State(state).label)


def page_of(request_id: int) -> str:
    """The address of its page, for e-mails."""
    tenant = current_tenant()
    console = f"{settings.PUBLIC_URL}/t/{tenant.slug}" if tenant else settings.PUBLIC_URL
    return f"{console}/approvals/{request_id}/"
