"""Move of a tenant at the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.backups import queries as backups
from apps.console.terminal import Output
from apps.kernel.db import databases
from apps.operations.commands import MoveTenant
from apps.tenancy import queries as tenants
from apps.tenancy.verbs import CommandVerb, tenant_output, verb


@verb
class Move(CommandVerb):
    """Move a tenant to another database. It is read-only meanwhile."""

    name = "move"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--to", required=True, choices=databases.known(), help="The database's key.")
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")

    def run(self, *, slug: str, to: str, reason: str, dry_run: bool, **_: Any) -> Output:
        tenant = tenants.tenant_with_slug(slug)
        command = MoveTenant(tenant_id=tenant.pk, database=to, reason=reason)
        if not dry_run:
            backups.wait_for_events(tenant.info)
        moved = self.execute(
            command, dry_run=dry_run, would=f"{tenant} would be moved from {tenant.database} to {to}."
        )
        return moved if isinstance(moved, Output) else tenant_output(moved, f"is verified and works in {to}")
