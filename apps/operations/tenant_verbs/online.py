"""A move without a pause, at the command line: where the owner's and the movers' addresses are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import Answer
from apps.tenancy.databases.online_move import move_online

from .base import Verb, tenant_named, verb


@verb
class MoveOnline(Verb):
    """Move a tenant to another database while it is at work."""

    name = "move-online"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("database", metavar="DATABASE", help="The key of the database it goes to.")

    def answer(self, *, slug: str, database: str, **_: Any) -> Answer:  # type: ignore[override]
        tenant = tenant_named(slug)
        moved = move_online(tenant, database)
        said = f"{tenant} lies in {database}: {moved.rows:,} rows; nobody could write for {moved.read_only:.2f} s."
        return Answer(said, {"slug": slug, "database": database, **asdict(moved)})
