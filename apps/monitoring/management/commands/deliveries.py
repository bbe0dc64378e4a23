"""`manage.py deliveries list|replay|replay-dead|replay-events|drop`: lists, replays and drops deliveries."""

from __future__ import annotations

from argparse import SUPPRESS
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from apps.bus import Command as CommandClass
from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.events import queries as events
from apps.kernel.errors import raise_all
from apps.kernel.notation.arguments import instant, whole_number
from apps.kernel.tenant import HOME
from apps.monitoring import queries, rules
from apps.monitoring.commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents

if TYPE_CHECKING:
    from apps.events.models import Delivery


class Command(BursarCommand):
    help = "List, replay or drop deliveries."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)

        listing = verbs.add_parser("list", help="Deliveries, newest first.")
        listing.add_argument("--subscriber", default="")
        listing.add_argument("--tenant", default="", metavar="SLUG")
        listing.add_argument("--status", default="", choices=["", *events.DELIVERY_STATUSES])
        listing.add_argument("--limit", type=whole_number(lowest=1), default=50)

        one = verbs.add_parser("replay", help="Deliver one event again.")
        one.add_argument("delivery_id", type=whole_number(), metavar="ID")

        dead = verbs.add_parser("replay-dead", help="Deliver all dead letters of a subscriber again.")
        dead.add_argument("subscriber", metavar="SUBSCRIBER")
        dead.add_argument("--tenant", default="", metavar="SLUG")

        past = verbs.add_parser(
            "replay-events", help="Deliver all events of a name since an instant to a subscriber."
        )
        past.add_argument("event", metavar="EVENT")
        past.add_argument("subscriber", metavar="SUBSCRIBER")
        past.add_argument("--since", type=instant, required=True, help="2026-01-31T00:00:00Z")
        past.add_argument("--tenant", default="", metavar="SLUG")

        drop = verbs.add_parser("drop", help="Give up a delivery.")
        drop.add_argument("delivery_id", type=whole_number(), metavar="ID")

        for subparser in (listing, one, dead, past, drop):
            subparser.add_argument(
                "--database", default=HOME, metavar="KEY", help="The database of the deliveries."
            )
            subparser.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)
        for subparser in (one, dead, past, drop):
            subparser.add_argument("--reason", required=True, help="Recorded in the audit log.")
            subparser.add_argument("--dry-run", action="store_true", help="Only print refusals.")

    def run(self, *, verb: str, **options: Any) -> Output:
        if verb == "list":
            return _listed(**options)
        command = _COMMANDS[verb](options)
        return _dry_run(command) if options["dry_run"] else _done(command)


def _from_options(command: type[CommandClass], *fields: str) -> Callable[[dict[str, Any]], CommandClass]:
    return lambda options: command(**{name: options[name] for name in (*fields, "database", "reason")})


_COMMANDS: dict[str, Callable[[dict[str, Any]], CommandClass]] = {
    "replay": _from_options(ReplayDelivery, "delivery_id"),
    "replay-dead": _from_options(ReplayDeliveries, "subscriber", "tenant"),
    "replay-events": _from_options(ReplayEvents, "event", "since", "subscriber", "tenant"),
    "drop": _from_options(DropDelivery, "delivery_id"),
}


def _dry_run(command: CommandClass) -> Output:
    refusals = dry_run(command, actor=SHELL)
    raise_all(refusals)
    return Output(f"{command.title()}: would succeed.", {"dry_run": True})


def _done(command: CommandClass) -> Output:
    result = dispatch(command, actor=SHELL)
    if isinstance(result, int):
        return Output(f"{result} will be delivered again.", {"count": result})
    return Output(f"{result}: {result.get_status_display().lower()}.", _row(result))


def _listed(*, subscriber: str, tenant: str, status: str, database: str, limit: int, **_: Any) -> Output:
    rules.database_must_be_known(database)
    matching = queries.deliveries(subscriber=subscriber, tenant=tenant, status=status, database=database)
    rows = list(matching[:limit])
    tenants = queries.tenant_names()
    lines = [
        f"{row.pk:>8}  {row.status:<8} {row.attempts}  {row.subscriber:<36} {row.event.name:<24}"
        f" {tenants.get(row.tenant_id, row.tenant_id)}  {row.last_error[:80]}".rstrip()
        for row in rows
    ]
    return Output("\n".join(lines) or "No deliveries match.", {"deliveries": [_row(row) for row in rows]})


def _row(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "event": delivery.event.name,
        "event_id": delivery.event_id,
        "subscriber": delivery.subscriber,
        "tenant_id": delivery.tenant_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "next_at": delivery.next_at,
        "last_error": delivery.last_error,
    }
