"""`manage.py scheduled list|cancel`: lists and cancels scheduled commands of the platform, or of one tenant."""

from __future__ import annotations

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.errors import raise_all
from apps.kernel.notation.arguments import whole_number
from apps.kernel.tenant import activate
from apps.schedules import queries
from apps.schedules.commands import CancelScheduledCommand
from apps.schedules.models import ScheduledCommand
from apps.tenancy.queries import tenant_named


class Command(BursarCommand):
    help = "List or cancel scheduled commands."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        listing = verbs.add_parser("list", help="Scheduled commands, newest first.")
        listing.add_argument("--state", default="", choices=["", *ScheduledCommand.State.values])
        listing.add_argument("--limit", type=whole_number(lowest=1), default=50)

        cancelling = verbs.add_parser("cancel", help="Cancel a scheduled command before it is executed.")
        cancelling.add_argument("scheduled_command_id", type=whole_number(), metavar="ID")
        cancelling.add_argument("--reason", required=True, help="Recorded in the audit log.")
        cancelling.add_argument("--dry-run", action="store_true", help="Only print refusals.")

        for subparser in (listing, cancelling):
            subparser.add_argument(
                "--tenant", default="", metavar="SLUG", help="Without it, those of the platform."
            )
            subparser.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)

    def run(self, *, verb: str, tenant: str, **options: Any) -> Output:
        with activate(tenant_named(tenant) if tenant else None):
            return _listed(**options) if verb == "list" else _cancelled(**options)


def _listed(*, state: str, limit: int, **_: Any) -> Output:
    rows = list(queries.scheduled_commands(state)[:limit])
    lines = [
        f"{row.pk:>6}  {row.state:<9}  {row.shown_time:<32}  {row.command:<32}  {row.actor_name}"
        f"  {row.last_error[:80]}".rstrip()
        for row in rows
    ]
    return Output("\n".join(lines) or "No scheduled commands.", {"scheduled": [_row(row) for row in rows]})


def _cancelled(*, scheduled_command_id: int, reason: str, dry_run: bool, **_: Any) -> Output:
    command = CancelScheduledCommand(scheduled_command_id=scheduled_command_id, reason=reason)
    if dry_run:
        return _dry_run(command)
    scheduled = dispatch(command, actor=SHELL)
    return Output(f"{scheduled}: cancelled.", _row(scheduled))


def _dry_run(command: CancelScheduledCommand) -> Output:
    raise_all(dry_run(command, actor=SHELL))
    return Output(f"{command.title()}: would succeed.", {"dry_run": True})


def _row(scheduled: ScheduledCommand) -> dict[str, Any]:
    return {
        "id": scheduled.pk,
        "command": scheduled.command,
        "arguments": scheduled.arguments,
        "local_time": scheduled.local_time,
        "time_zone": scheduled.time_zone,
        "due_at": scheduled.due_at,
        "state": scheduled.state,
        "actor_name": scheduled.actor_name,
        "last_error": scheduled.last_error,
    }
