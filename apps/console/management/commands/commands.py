"""`manage.py commands`: lists all commands."""

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
            definition = schema(command_named(options["name"]))
            return Output(_lines(definition), definition)
        rows = catalogue()
        text = "\n".join(
            f"{row.name}  [{row.permission}] {row.queue}{' · money' if row.moves_money else ''}"
            f"{' · fresh password' if row.fresh_authentication_s else ''}"
            f"{' · emits ' + ', '.join(row.emits) if row.emits else ''}\n    {row.help_text}"
            for row in rows
        )
        return Output(text, {"commands": [asdict(row) for row in rows]})


def _lines(definition: dict[str, Any]) -> str:
    needed = definition.get("required", [])
    return "\n".join(
        f"{name}{'' if name in needed else ' (optional)'}" for name in definition.get("properties", {})
    )
