"""`manage.py events`: what is told, by whom, in which shape, and who hears it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import BursarCommand, Output
from apps.events import schemas
from apps.monitoring import queries


class Command(BursarCommand):
    help = "Print every event: name, version, publisher, subscribers; with --json its schema too."
    requires_system_checks = []  # it mends what they find

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--write",
            action="store_true",
            help="Commit the shapes of new events and versions to schemas.json.",
        )

    def run(self, *, write: bool, **_: Any) -> Output:  # type: ignore[override]
        if write:
            schemas.write()
            return Output(
                "schemas.json is complete.", {"events": sum(map(len, schemas.committed().values()))}
            )
        told = queries.events()
        lines = [
            f"{each.name:<28} {each.version:>2}  {each.publisher:<12} {', '.join(each.subscribers) or '—'}"
            for each in told
        ]
        return Output("\n".join(lines), {"events": [vars(each) for each in told]})
