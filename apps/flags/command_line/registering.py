"""Verbs of the register: `create`, `extend`, `transfer` and `retire`."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from apps.bus import dispatch
from apps.bus.approval_gate import needs_approval
from apps.console.terminal import SHELL, Output
from apps.flags import queries
from apps.flags.commands import CreateFlag, ExtendFlag, RetireFlag, TransferFlag
from apps.flags.documents import FLAG
from apps.flags.errors import FlagNotFound
from apps.flags.models import ChangeSet, Flag
from apps.flags.policies import day_of_expiry, policy_of
from apps.kernel.notation.arguments import day

from .changing import json_in
from .publishing import add_draft, add_reason, add_requester, propose, would_succeed
from .requesting import request_as


def add_create(parser: ArgumentParser) -> None:
    add_registration(parser)
    parser.add_argument("--description", default="", help="What is different while it is on.")
    parser.add_argument(
        "--document", default="", metavar="FILE", help="- is stdin. Without it: boolean, off."
    )
    add_draft(parser)


def add_registration(parser: ArgumentParser, *, are_required: bool = True) -> None:
    parser.add_argument("--owner", required=are_required, default="", metavar="EMAIL")
    parser.add_argument("--category", default="release", choices=Flag.Category.values)
    parser.add_argument("--expires", type=day, metavar="DATE", help="By default, as the category proposes.")


def expiry(category: str, expires: dt.date | None) -> dt.date:
    return expires or policy_of(category).default_expiry(day_of_expiry())


def create(
    *,
    key: str,
    owner: str,
    category: str,
    expires: dt.date | None,
    description: str,
    document: str,
    reason: str,
    **options: Any,
) -> Output:
    """Registers the flag, and publishes its first document as any other change."""
    command = CreateFlag(
        key=key,
        category=category,
        description=description,
        owner=owner,
        expires_on=expiry(category, expires),
        document=json_in(document) if document else _off(key),
        reason=reason,
    )
    return propose(command, reason=reason, draft_of=_first_draft, **options)


def _first_draft(flag: Flag) -> ChangeSet:
    """The only change set of a new flag."""
    return ChangeSet.objects.get(revisions__kind=FLAG, revisions__key=flag.key)


def _off(key: str) -> dict[str, Any]:
    return {
        "format": 1,
        "key": key,
        "type": "boolean",
        "variants": {"on": True, "off": False},
        "enabled": True,
        "default_variant": "off",
        "off_variant": "off",
        "bucketer": "bursar-1",
        "salt": key,
    }


def add_extend(parser: ArgumentParser) -> None:
    parser.add_argument("--until", type=day, required=True, metavar="DATE")
    add_reason(parser)
    add_requester(parser)


def extend(*, key: str, until: dt.date, reason: str, email: str, dry_run: bool, **_: Any) -> Output:
    """Moves the expiry; where an approval is required, `--as` requests it."""
    flag = queries.flag_of_platform(key)
    if flag is None:
        raise FlagNotFound(key=key)
    command = ExtendFlag(flag_id=flag.pk, expires_on=until, reason=reason)
    if dry_run:
        return would_succeed(command)
    if needs_approval(ExtendFlag) and email:
        request = request_as(email, command, reason)
        return Output(f"Waits for approval: {request}.", {"approval_request": request.pk})
    return _registered(dispatch(command, actor=SHELL), "is extended")


def add_transfer(parser: ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="EMAIL", help="The new owner.")
    add_reason(parser)


def transfer(*, key: str, to: str, reason: str, dry_run: bool, **_: Any) -> Output:
    command = TransferFlag(key=key, owner=to, reason=reason)
    return (
        would_succeed(command)
        if dry_run
        else _registered(dispatch(command, actor=SHELL), "has another owner")
    )


def retire(*, key: str, reason: str, **options: Any) -> Output:
    """Publishes the removal. A flag that was never published is retired at once."""
    command = RetireFlag(key=key, reason=reason)
    if queries.latest(FLAG, key) is not None:
        return propose(command, reason=reason, **options)
    if options["dry_run"]:
        return would_succeed(command)
    return _registered(dispatch(command, actor=SHELL), "is retired")


def _registered(flag: Flag, state: str) -> Output:
    data = {
        "key": flag.key,
        "owner": flag.owner,
        "expires_on": flag.expires_on.isoformat(),
        "is_retired": flag.is_retired,
    }
    return Output(f"{flag.key} {state}: {flag.owner}, until {flag.expires_on}.", data)
