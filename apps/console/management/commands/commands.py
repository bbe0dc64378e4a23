"""`manage.py commands`: everything that can be asked of the house."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.bus.catalogue import catalogue
from apps.bus.plain import command_named, schema
from apps.console.terminal import BursarCommand, Output


class Command(BursarCommand):
    help = "List every command with its permission, queue and events; or the JSON Schema of one."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="One command, such as ledger.post_entry: its schema.")

    def run(self, **options: Any) -> Output:
        if options["name"]:
            wanted = schema(command_named(options["name"]))
            return Output(_lines(wanted), wanted)
        rows = catalogue()
        text = "\n".join(
            f"{row.name}  [{row.permission}] {row.queue}{' · money' if row.moves_money else ''}"
            f"{' · emits ' + ', '.join(row.emits) if row.emits else ''}\n    {row.what}"
            for row in rows
        )
        return Output(text, {"commands": [asdict(row) for row in rows]})


def _lines(wanted: dict[str, Any]) -> str:
    needed = wanted.get("required", [])
    return "\n".join(
        f"{name}{'' if name in needed else ' (may be left out)'}" for name in wanted.get("properties", {})
    )
