"""The inbox with the preview beside it, one's own requests, and the history; and the page of one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.approvals import queries
from apps.approvals.commands import VIEW
from apps.approvals.models import ApprovalRequest, RequestQuerySet
from apps.console import hooks
from apps.kernel.notation.shown import shown_instant

from .details import details

LISTS = {
    "inbox": _("To decide"),
    "mine": _("My requests"),
    "pending": _("All pending"),
    "history": _("History"),
}
EMPTY = {
    "inbox": _("No request waits for your decision."),
    "mine": _("Your requests appear here. The page of a command that needs approval makes them."),
    "pending": _("No request is pending."),
    "history": _("Requests appear here with their decisions and outcome."),
}
MAX_LISTED = 100


def inbox(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    chosen = request.GET.get("list", "inbox")
    if chosen not in LISTS:
        raise Http404
    listed = list(_listed(request, chosen)[:MAX_LISTED])
    number = request.GET.get("request", "")
    approval = next((row for row in listed if str(row.pk) == number), listed[0] if listed else None)
    page = {
        "tabs": [(title, f"?list={name}", name == chosen) for name, title in LISTS.items()],
        "headers": (gettext("Request"), gettext("By"), gettext("State"), gettext("Expires")),
        "rows": [_row(row, chosen) for row in listed],
        "empty": EMPTY[chosen],
        **(details(request, approval) if approval else {}),
    }
    return TemplateResponse(request, "approvals/inbox.html", context | page)


def one_request(request: HttpRequest, *, context: dict[str, Any], request_id: int) -> HttpResponseBase:
    approval = queries.request_with_id(request_id)
    if approval is None:
        raise Http404
    page = {**details(request, approval), "title": str(approval)}
    return TemplateResponse(request, "approvals/one_request.html", context | page)


def _listed(request: HttpRequest, chosen: str) -> RequestQuerySet:
    if chosen == "inbox":
        return queries.awaiting(request.user)
    if chosen == "mine":
        return queries.requests_of(request.user)
    if chosen == "pending":
        return queries.pending_requests()
    return queries.history()


def _row(approval: ApprovalRequest, chosen: str) -> Sequence[tuple[str, str]]:
    return (
        (f"{approval.pk}: {approval.title}", f"?list={chosen}&request={approval.pk}"),
        (approval.requester_name, ""),
        (approval.get_state_display(), ""),
        (shown_instant(approval.expires_at) if approval.is_open else "—", ""),
    )


def page_of(approval: ApprovalRequest) -> str:
    return reverse("admin:approval_request", args=[approval.pk])


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="approvals/",
            name="approvals",
            title=_("Approvals"),
            permission=VIEW,
            view=inbox,
            group=_("Audit & security"),
            icon="approval",
        ),
        hooks.Page(
            path="approvals/<int:request_id>/",
            name="approval_request",
            title=_("Approval request"),
            permission=VIEW,
            view=one_request,
        ),
        hooks.Figure(
            title=_("Pending approvals"),
            permission=VIEW,
            icon="approval",
            read=lambda: hooks.Reading(queries.pending_requests().count()),
            link="admin:approvals",
            query="?list=pending",
        ),
    )
