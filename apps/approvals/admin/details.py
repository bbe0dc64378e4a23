"""A request as it is shown: the command, its preview, and the decisions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from apps.approvals import queries
from apps.approvals.commands import DECIDE
from apps.approvals.errors import RequesterGone
from apps.approvals.models import ApprovalRequest, Decision, Revision
from apps.approvals.previews import preview
from apps.console.admin import Facts
from apps.console.derived_labels import label_of
from apps.console.row_links import Link
from apps.identity import queries as identity
from apps.kernel.errors import Refusal
from apps.kernel.notation.shown import shown_instant
from apps.kernel.plain import to_whole

MAX_CHANGES = 50


def details(request: HttpRequest, approval: ApprovalRequest) -> dict[str, Any]:
    """The context of `approvals/request.html`."""
    revision = queries.present_revision(approval)
    return {
        "approval": approval,
        "kind": approval.approval_kind.title if approval.approval_kind else approval.kind,
        "facts": _facts(approval, revision),
        "fields": _fields(request, approval, revision),
        "decisions": _decisions(approval),
        "links": links(request, approval),
        "is_live": approval.state in (ApprovalRequest.State.APPROVED, ApprovalRequest.State.EXECUTING),
        **_preview(request, approval),
    }


def may_decide(request: HttpRequest, approval: ApprovalRequest) -> bool:
    kind = approval.approval_kind
    return bool(kind and request.user.has_perm(DECIDE) and request.user.has_perm(kind.permission))


def links(request: HttpRequest, approval: ApprovalRequest) -> Sequence[Link]:
    """The buttons that this user may press."""
    own = request.user.pk in queries.editors_of(approval)
    buttons: list[Link] = []
    if approval.is_pending and not own and may_decide(request, approval):
        revision = [approval.pk, approval.revision]
        buttons += [
            Link(gettext("Approve"), reverse("admin:approve_request", args=revision), "check_circle"),
            Link(gettext("Reject"), reverse("admin:reject_request", args=revision), "cancel"),
        ]
    if request.user.pk == approval.requester_id and approval.state in ("pending", "approved"):
        buttons.append(
            Link(gettext("Withdraw"), reverse("admin:withdraw_request", args=[approval.pk]), "undo")
        )
    return buttons


def _facts(approval: ApprovalRequest, revision: Revision) -> Facts:
    requester = approval.requester_name
    if revision.operator:
        requester = gettext("{operator} as {requester}").format(
            operator=revision.operator, requester=requester
        )
    facts = [
        (gettext("State"), approval.get_state_display()),
        (gettext("Requested by"), requester),
        (gettext("Reason"), revision.reason),
        (gettext("Requested"), shown_instant(approval.requested_at)),
    ]
    if approval.is_open:
        facts.append((gettext("Expires"), shown_instant(approval.expires_at)))
    if approval.quorum > 1:
        facts.append((gettext("Approvers needed"), str(approval.quorum)))
    if approval.revision > 1:
        facts.append((gettext("Revision"), str(approval.revision)))
    if approval.outcome:
        facts.append((gettext("Outcome"), approval.outcome))
    return facts


def _fields(request: HttpRequest, approval: ApprovalRequest, revision: Revision) -> Facts:
    """With confidential values for those that decide and for the requester, while the request is open."""
    values = revision.shown
    if revision.sealed and (may_decide(request, approval) or request.user.pk == approval.requester_id):
        with suppress(Refusal):  # of a command that no longer exists
            values = to_whole(queries.content_of(approval).command)
    return [
        (str(label_of(name)), _text(value)) for name, value in values.items() if value not in (None, "", [])
    ]


def _text(value: Any) -> str:
    return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def _decisions(approval: ApprovalRequest) -> Sequence[Sequence[str]]:
    decisions = Decision.objects.filter(revision__request=approval).select_related("revision").order_by("id")
    return [
        (
            decision.get_verdict_display(),
            decision.approver_name,
            shown_instant(decision.decided_at),
            decision.reason,
            gettext("void, of revision {number}").format(number=decision.revision.number)
            if decision.revision.number != approval.revision
            else "",
        )
        for decision in decisions
    ]


def _preview(request: HttpRequest, approval: ApprovalRequest) -> dict[str, Any]:
    """The refusals and changes of a dry run now, in the name of the requester."""
    if not approval.is_pending or not (
        may_decide(request, approval) or request.user.pk == approval.requester_id
    ):
        return {}
    try:
        command = queries.content_of(approval).command
        requester = identity.actor(approval.requester_id)
        if requester is None:
            raise RequesterGone(requester=approval.requester_name)
        outcome = preview(command, requester)
    except Refusal as refusal:
        return {"has_preview": True, "against": refusal.refusals}
    changes = [
        (change.object, change.field, _value(change.before), _value(change.after))
        for change in outcome.changes[:MAX_CHANGES]
    ]
    return {
        "has_preview": True,
        "against": outcome.refusals,
        "changes": changes,
        "changed_base": queries.has_changed_base(approval),
    }


def _value(value: Any) -> str:
    return "—" if value in (None, "") else str(value)
