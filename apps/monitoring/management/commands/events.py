"""`manage.py events`: events with their schemas, publishers and subscribers."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.events import queries, schemas


class Command(BursarCommand):
    help = "Print every event: name, version, publisher, subscribers; with --json its schema too."
    requires_system_checks = []  # the command repairs their findings

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--write",
            action="store_true",
            help="Commit the schemas of new events and versions to schemas.json.",
        )

    def run(self, *, write: bool, **_: Any) -> Output:
        if write:
            schemas.write()
            return Output(
                "schemas.json is complete.", {"events": sum(map(len, schemas.committed().values()))}
            )
        events = queries.events()
        lines = [
            f"{event.name:<28} {event.version:>2}  {event.publisher:<12} {', '.join(event.subscribers) or '—'}"
            for event in events
        ]
        return Output("\n".join(lines), {"events": [vars(event) for event in events]})
