"""`manage.py deliveries list|replay|replay-dead|replay-events|drop`: who has heard what, and what to do about it."""

from __future__ import annotations

import datetime as dt
from argparse import SUPPRESS
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser
from django.utils.dateparse import parse_datetime

from apps.bus import Command as Asked
from apps.bus import dispatch, dry_run
from apps.console.terminal import BursarCommand, Output
from apps.events.models import Delivery
from apps.kernel.actors import System
from apps.kernel.errors import SeveralRefusals
from apps.kernel.tenant import HOME
from apps.monitoring import queries, rules
from apps.monitoring.commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents

SHELL = System("The command line")


class Command(BursarCommand):
    help = "List deliveries, have them heard again, or drop them."

    def options(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)

        listing = verbs.add_parser("list", help="Who has heard what, newest first.")
        listing.add_argument("--subscriber", default="")
        listing.add_argument("--tenant", default="", metavar="SLUG")
        listing.add_argument("--status", default="", choices=["", *Delivery.Status.values])
        listing.add_argument("--most", type=int, default=50)

        one = verbs.add_parser("replay", help="Have one delivery heard again.")
        one.add_argument("delivery_id", type=int, metavar="ID")

        dead = verbs.add_parser("replay-dead", help="Have all dead letters of a subscriber heard again.")
        dead.add_argument("subscriber", metavar="SUBSCRIBER")
        dead.add_argument("--tenant", default="", metavar="SLUG")

        events = verbs.add_parser(
            "replay-events", help="Tell a subscriber all events of a name since an instant."
        )
        events.add_argument("event", metavar="EVENT")
        events.add_argument("subscriber", metavar="SUBSCRIBER")
        events.add_argument("--since", type=_instant, required=True, help="2026-01-31T00:00:00Z")
        events.add_argument("--tenant", default="", metavar="SLUG")

        drop = verbs.add_parser("drop", help="Give up on a delivery for good.")
        drop.add_argument("delivery_id", type=int, metavar="ID")

        for each in (listing, one, dead, events, drop):
            each.add_argument("--database", default=HOME, metavar="KEY", help="Whose rows these are.")
            each.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)
        for each in (one, dead, events, drop):
            each.add_argument("--reason", required=True, help="Kept in the audit log.")
            each.add_argument("--dry-run", action="store_true", help="Say what would be refused; do nothing.")

    def run(self, *, verb: str, **options: Any) -> Output:  # type: ignore[override]
        if verb == "list":
            return _listed(**options)
        command = _COMMANDS[verb](options)
        return _dry_run(command) if options["dry_run"] else _done(command)


def _instant(text: str) -> dt.datetime:
    instant = parse_datetime(text)
    if instant is None:
        raise ValueError(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)


def _asking(command: type[Asked], *fields: str) -> Callable[[dict[str, Any]], Asked]:
    return lambda options: command(**{name: options[name] for name in (*fields, "database", "reason")})


_COMMANDS: dict[str, Callable[[dict[str, Any]], Asked]] = {
    "replay": _asking(ReplayDelivery, "delivery_id"),
    "replay-dead": _asking(ReplayDeliveries, "subscriber", "tenant"),
    "replay-events": _asking(ReplayEvents, "event", "since", "subscriber", "tenant"),
    "drop": _asking(DropDelivery, "delivery_id"),
}


def _dry_run(command: Asked) -> Output:
    refusals = dry_run(command, actor=SHELL)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)
    return Output(f"{command.title()}: it would be done.", {"dry_run": True})


def _done(command: Asked) -> Output:
    result = dispatch(command, actor=SHELL)
    if isinstance(result, Delivery):
        return Output(f"{result}: {result.get_status_display().lower()}.", _row(result))
    return Output(f"{result} will be heard again.", {"count": result})


def _listed(*, subscriber: str, tenant: str, status: str, database: str, most: int, **_: Any) -> Output:
    rules.database_must_be_known(database)
    found = queries.deliveries(subscriber=subscriber, tenant=tenant, status=status, database=database)
    rows = list(found[:most])
    tenants = queries.tenant_names()
    lines = [
        f"{row.pk:>8}  {row.status:<8} {row.attempts}  {row.subscriber:<36} {row.event.name:<24}"
        f" {tenants.get(row.tenant_id, row.tenant_id)}  {row.last_error[:80]}".rstrip()
        for row in rows
    ]
    return Output("\n".join(lines) or "There are none.", {"deliveries": [_row(row) for row in rows]})


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
