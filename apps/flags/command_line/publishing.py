"""Proposing and publishing a change on the command line, with the approval where one is required."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.bus import Command, dispatch
from apps.bus import dry_run as refusals_of
from apps.bus.approval_gate import needs_approval
from apps.console.terminal import SHELL, Output
from apps.flags import previews, queries
from apps.flags.commands import PreviewChangeSet, PublishChangeSet, WithdrawChangeSet
from apps.flags.models import ChangeSet
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, raise_all
from apps.kernel.notation.arguments import instant

from .requesting import request_as

WITHDRAWN = "The publication was refused on the command line."


class _DryRun(Exception):
    """Rolls the proposal back."""


def add_reason(parser: ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="Recorded in the audit log.")
    parser.add_argument("--dry-run", action="store_true", help="Change nothing; print the plan, or refusals.")


def add_requester(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="email", default="", metavar="EMAIL", help="Requests the approval as this user."
    )


def add_publication(parser: ArgumentParser) -> None:
    add_draft(parser)
    parser.add_argument("--at", type=instant, dest="effective_at", help="Serve it from this instant on.")


def add_draft(parser: ArgumentParser) -> None:
    add_reason(parser)
    add_requester(parser)
    parser.add_argument("--draft", action="store_true", help="Propose only; publish it later.")


def would_succeed(command: Command) -> Output:
    """The dry run of a command without a plan. Raises its refusals together."""
    raise_all(refusals_of(command, actor=SHELL))
    return Output(f"{command.title()}: would succeed.", {"dry_run": True})


def propose(
    command: Command,
    *,
    reason: str,
    draft: bool = False,
    email: str = "",
    dry_run: bool = False,
    draft_of: Callable[[Any], ChangeSet] = lambda result: result,
    **_: Any,
) -> Output:
    """Proposes the change, with its effect on every user, and publishes it. Where an approval is required, that is
    requested as the user with this e-mail address; without one the change set stays a draft. `draft_of` returns the
    change set of the result of the command."""
    if dry_run:
        return _plan(command, draft_of)
    change_set = draft_of(dispatch(command, actor=SHELL))
    try:
        change_set = _with_preview(change_set)
        return _output("Draft", change_set) if draft else _published(change_set, reason, email)
    except Refusal:
        dispatch(WithdrawChangeSet(change_set_id=change_set.pk, reason=WITHDRAWN), actor=SHELL)
        raise


def _plan(command: Command, draft_of: Callable[[Any], ChangeSet]) -> Output:
    """The same plan as that of the change set, without one."""
    try:
        with unit_of_work():
            change_set = draft_of(dispatch(command, actor=SHELL))
            plan, warnings = plan_of(change_set), change_set.warnings
            comparison = previews.comparison_of(change_set)
            raise _DryRun
    except _DryRun:
        preview = previews.effect_of(comparison)
    data = {"dry_run": True, "plan": plan, "preview": preview, "warnings": warnings}
    return Output("\n".join(["Would be published:", *plan, *effects(preview), *_shown(warnings)]), data)


def _with_preview(change_set: ChangeSet) -> ChangeSet:
    """The handler computes the preview after its commit, unless the population is large."""
    change_set.refresh_from_db()
    if change_set.preview is None:
        change_set = dispatch(PreviewChangeSet(change_set_id=change_set.pk), actor=SHELL)
    return change_set


def _published(change_set: ChangeSet, reason: str, email: str) -> Output:
    command = PublishChangeSet(change_set_id=change_set.pk, reason=reason)
    if not needs_approval(PublishChangeSet):
        return _output("Published", dispatch(command, actor=SHELL))
    if not email:
        return _output("Needs an approval: request it with --as EMAIL, or in the console. Draft", change_set)
    request = request_as(email, command, reason)
    return _output(f"Waits for approval ({request})", change_set, approval_request=request.pk)


def _output(state: str, change_set: ChangeSet, **more: Any) -> Output:
    plan, preview = plan_of(change_set), change_set.preview or {}
    data = {
        "change_set": change_set.pk,
        "state": change_set.state,
        "plan": plan,
        "preview": change_set.preview,
        "warnings": change_set.warnings,
    }
    lines = [f"{state}: {change_set}.", *plan, *effects(preview), *_shown(change_set.warnings)]
    return Output("\n".join(lines), data | more)


def plan_of(change_set: ChangeSet) -> list[str]:
    """Each difference of each document, before and after."""
    return [
        f"{revision.kind} {revision.key} {pointer or '/'}: {as_json(before)} → {as_json(after)}"
        for revision, differences in queries.changes_of(change_set)
        for pointer, before, after in differences
    ]


def effects(preview: Mapping[str, Any]) -> list[str]:
    """ "14 tenants: 212 users gain, 3 lose, 0 change." and the numbers of each flag."""
    if not preview:
        return ["Its effect is not computed yet."]
    return [
        f"{preview['tenants']} tenants: {_numbers(preview)}.",
        *(f"  {key}: {_numbers(numbers)}" for key, numbers in preview["flags"].items()),
        *(
            f"Conflict of {one['key']} in {', '.join(one['tenants'])}: {one['code']}"
            for one in preview["conflicts"]
        ),
        *(f"Not counted, the database is unreachable: {slug}" for slug in preview["unreachable"]),
    ]


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _numbers(counts: Mapping[str, Any]) -> str:
    return f"{counts['gain']} users gain, {counts['lose']} lose, {counts['change']} change"


def _shown(warnings: Sequence[Any]) -> list[str]:
    return [f"Warning: {as_json(warning)}" for warning in warnings]
