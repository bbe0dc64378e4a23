"""Online move and clean-up after moves at the command line, where the database URLs of the owner and of replication are
set."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.backups.commands import TransferTenantOnline
from apps.backups.schedule import running
from apps.console.terminal import Output
from apps.tenancy.queries import tenant_with_slug
from apps.tenancy.verbs import CommandVerb, Verb, verb


@verb
class MoveOnline(CommandVerb):
    """Move a tenant to another database without downtime."""

    name = "move-online"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("database", metavar="DATABASE", help="The key of the target database.")
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")

    def run(self, *, slug: str, database: str, reason: str, dry_run: bool, **_: Any) -> Output:
        tenant = tenant_with_slug(slug)
        command = TransferTenantOnline(tenant_id=tenant.pk, database=database, reason=reason)
        would = f"{tenant} would be moved from {tenant.database} to {database} without downtime."
        moved = self.execute(command, dry_run=dry_run, would=would)
        if isinstance(moved, Output):
            return moved
        figures = {name: getattr(moved, name) for name in ("rows", "copied", "read_only")}
        return Output(f"Moved {moved}.", {"slug": slug, "database": database, **figures})


@verb
class CleanUp(Verb):
    """Drop schemas set aside by moves and restores more than seven days ago. Needs DATABASE_OWNER_URL."""

    name = "clean-up"

    def run(self, **_: Any) -> Output:
        did = [*running.clean_up()]
        return Output("; ".join(did) or "There was nothing.", {"did": did})
