"""`manage.py approvals`: lists and shows requests, makes them, and decides on them as a user."""

from __future__ import annotations

import json
from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.core.management.base import CommandParser

from apps import bus
from apps.approvals import queries
from apps.approvals.command_line import request_as, user_named
from apps.approvals.commands import ApproveRequest, RejectRequest
from apps.approvals.errors import RequesterGone, RequestUnknown
from apps.approvals.models import ApprovalRequest
from apps.approvals.previews import preview
from apps.bus import Command as BusCommand
from apps.bus import dispatch_once
from apps.bus.plain import from_entered_json
from apps.console.terminal import BursarCommand, Output
from apps.identity import queries as identity
from apps.kernel.errors import raise_all
from apps.kernel.notation.arguments import json_value, whole_number
from apps.kernel.tenant import activate
from apps.tenancy.queries import tenant_named


class Command(BursarCommand):
    help = "List and show requests for approval, make them, and approve or reject them as a user."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listed = verbs.add_parser("list", help="Open requests; with --all the ended ones too.")
        listed.add_argument("--all", action="store_true")
        request = verbs.add_parser(
            "request", help="Request the approval of a command, as in manage.py commands."
        )
        request.add_argument("command_name", metavar="COMMAND")
        request.add_argument("--fields", required=True, type=json_value, metavar="JSON")
        shown = verbs.add_parser("show", help="A request with its decisions and the outcome of a dry run.")
        approve = verbs.add_parser("approve", help="Approve the present revision.")
        reject = verbs.add_parser("reject", help="Reject the present revision.")
        for subparser in (shown, approve, reject):
            subparser.add_argument("number", type=whole_number(), metavar="ID")
        for subparser in (request, reject):
            subparser.add_argument("--reason", required=True)
        for subparser in (request, approve, reject):
            subparser.add_argument("--as", dest="email", required=True, metavar="EMAIL")
        for subparser in (approve, reject):
            subparser.add_argument(
                "--dry-run", action="store_true", help="Validate only, and report refusals."
            )
        for subparser in (listed, request, shown, approve, reject):
            subparser.add_argument("--tenant", metavar="SLUG", help="A tenant; without it the platform.")
            subparser.add_argument("--json", action="store_true", default=SUPPRESS)

    def run(self, *, verb: str, tenant: str | None, **options: Any) -> Output:
        work: Callable[..., Output] = getattr(self, f"_{verb}")
        with activate(tenant_named(tenant) if tenant else None):
            return work(**options)

    def _list(self, all: bool, **_: Any) -> Output:
        requests = queries.history() if all else queries.history().open()
        return Output(
            "\n".join(_line(request) for request in requests) or "There are no requests.",
            {"requests": [_facts(request) for request in requests]},
        )

    def _request(self, command_name: str, fields: Any, reason: str, email: str, **_: Any) -> Output:
        command = from_entered_json({"command": command_name, "fields": fields})
        request = request_as(email, command, reason)
        return Output(f"Waits for approval: {request}.", _facts(request))

    def _show(self, number: int, **_: Any) -> Output:
        request = _request_with(number)
        revision = queries.present_revision(request)
        decisions = [str(decision) for decision in queries.approvals_of(request)]
        refusals: list[str] = []
        if request.is_open:
            requester = identity.actor(request.requester_id)
            if requester is None:
                raise RequesterGone(requester=request.requester_name)
            outcome = preview(queries.content_of(request).command, requester)
            refusals = [str(refusal) for refusal in outcome.refusals]
        lines = [_line(request), f"Reason: {revision.reason}", f"Fields: {json.dumps(revision.shown)}"]
        lines += [*decisions, *(f"Would be refused: {refusal}" for refusal in refusals)]
        data = {
            **_facts(request),
            "reason": revision.reason,
            "fields": revision.shown,
            "decisions": decisions,
            "would_be_done": request.is_open and not refusals,
        }
        return Output("\n".join(lines), data)

    def _approve(self, number: int, email: str, dry_run: bool, **_: Any) -> Output:
        request = _request_with(number)
        command = ApproveRequest(request_id=number, revision=request.revision)
        return _decide(command, email, dry_run=dry_run)

    def _reject(self, number: int, email: str, reason: str, dry_run: bool, **_: Any) -> Output:
        request = _request_with(number)
        command = RejectRequest(request_id=number, revision=request.revision, reason=reason)
        return _decide(command, email, dry_run=dry_run)


def _decide(command: BusCommand, email: str, *, dry_run: bool) -> Output:
    user = user_named(email)
    if dry_run:
        raise_all(bus.dry_run(command, actor=user))
        return Output(f"{user} may decide so. Nothing was done.", {"dry_run": True})
    request = dispatch_once(command, actor=user, key=uuid4().hex).result
    return Output(_line(request), _facts(request))


def _request_with(number: int) -> ApprovalRequest:
    request = queries.request_with_id(number)
    if request is None:
        raise RequestUnknown(request_id=number)
    return request


def _line(request: ApprovalRequest) -> str:
    return f"{request}: {request.get_state_display().lower()}, by {request.requester_name}"


def _facts(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "id": request.pk,
        "kind": request.kind,
        "command": request.command,
        "state": request.state,
        "revision": request.revision,
        "requester": request.requester_name,
        "expires_at": request.expires_at,
        "outcome": request.outcome,
    }
