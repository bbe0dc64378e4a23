"""Verbs of kills: `kill`, `arrival`, `review` and `revive`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from apps.bus import dispatch
from apps.bus.approval_gate import needs_approval
from apps.console.terminal import SHELL, Output
from apps.flags import queries
from apps.flags.commands import KillFlag, ReviewKill, ReviveFlag
from apps.flags.errors import FlagNotKilled
from apps.flags.models import Kill
from apps.kernel.exit_codes import EXIT_CODE_INCOMPLETE

from .publishing import add_reason, add_requester, would_succeed
from .requesting import request_as, user_named


def add_kill(parser: ArgumentParser) -> None:
    add_reason(parser)
    parser.add_argument("--no-wait", action="store_true", help="Do not wait for the report of arrival.")


def kill(*, key: str, reason: str, dry_run: bool, no_wait: bool, **_: Any) -> Output:
    """Turns the flag off, then waits until every process serves that, for 10 s at most."""
    command = KillFlag(key=key, reason=reason)
    if dry_run:
        return would_succeed(command)
    killed: Kill = dispatch(command, actor=SHELL)
    sys.stderr.write(f"{key} is killed.{'' if no_wait else ' Waiting for the processes …'}\n")
    if no_wait:
        text = f"{killed} is active. Its arrival was not awaited: `flags arrival` reports it."
        return Output(text, _kill_data(killed))
    return _arrival([f"{killed} is active."], _kill_data(killed))


def arrival(**_: Any) -> Output:
    """Of the latest change on the platform, or in the tenant."""
    return _arrival([], {})


def _arrival(lines: Sequence[str], data: Mapping[str, Any]) -> Output:
    """The exit code is 0 when every process serves the change."""
    awaited = queries.wait_for_arrival()
    exit_code = 0 if awaited.is_complete else EXIT_CODE_INCOMPLETE
    return Output("\n".join([*lines, *_report(awaited)]), {**data, **_data(awaited)}, exit_code)


def _report(arrival: queries.Arrival) -> list[str]:
    if not arrival.is_known:
        return ["Whether it has arrived is not known: the reports of the processes cannot be read."]
    lines = [f"{one.processes} × {one.kind} on {one.node}: arrived" for one in arrival.reported]
    lines += [f"{one.processes} × {one.kind} on {one.node}: arrived late" for one in arrival.late]
    lines += [f"MISSING: {one}" for one in arrival.missing]
    if arrival.is_complete:
        return [*lines, "It has arrived in all processes."]
    if not arrival.missing:
        return [*lines, "No process has registered, so nothing is shown."]
    return [*lines, "It has NOT arrived in all processes: end those that are missing."]


def _data(arrival: queries.Arrival) -> dict[str, Any]:
    return {
        "is_complete": arrival.is_complete,
        "is_known": arrival.is_known,
        "reported": [vars(one) for one in arrival.reported],
        "late": [vars(one) for one in arrival.late],
        "missing": [vars(one) for one in arrival.missing],
    }


def add_review(parser: ArgumentParser) -> None:
    parser.add_argument("--review", required=True, help="What is known about the kill, afterwards.")
    parser.add_argument("--as", dest="email", required=True, metavar="EMAIL", help="The reviewing user.")
    parser.add_argument("--dry-run", action="store_true", help="Only print refusals.")


def review(*, key: str, review: str, email: str, dry_run: bool, **_: Any) -> Output:
    """Of the latest kill of the flag."""
    command = ReviewKill(kill_id=_latest_kill(key).pk, review=review)
    if dry_run:
        return would_succeed(command)
    reviewed: Kill = dispatch(command, actor=user_named(email))
    return Output(f"{reviewed} is reviewed.", _kill_data(reviewed))


def add_revive(parser: ArgumentParser) -> None:
    add_reason(parser)
    add_requester(parser)


def revive(*, key: str, reason: str, email: str, dry_run: bool, **_: Any) -> Output:
    """Ends the active kill; where an approval is required, `--as` requests it."""
    command = ReviveFlag(kill_id=_latest_kill(key).pk, reason=reason)
    if dry_run:
        return would_succeed(command)
    if needs_approval(ReviveFlag) and email:
        request = request_as(email, command, reason)
        return Output(f"Waits for approval: {request}.", {"approval_request": request.pk})
    revived: Kill = dispatch(command, actor=SHELL)
    return Output(f"{revived} has ended.", _kill_data(revived))


def _latest_kill(key: str) -> Kill:
    """Raises FlagNotKilled."""
    kills = queries.kills_of(key)
    if not kills:
        raise FlagNotKilled(key=key)
    return kills[0]


def _kill_data(kill: Kill) -> dict[str, Any]:
    return {
        "kill": kill.pk,
        "key": kill.key,
        "killed_at": kill.killed_at,
        "revived_at": kill.revived_at,
        "reviewed_at": kill.reviewed_at,
    }
