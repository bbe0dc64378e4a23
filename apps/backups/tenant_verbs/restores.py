"""Restores and clones at the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps.backups.commands import CloneTenant, RestoreTenant
from apps.console.terminal import Output
from apps.kernel.db import databases
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.tenancy.models import Tenant
from apps.tenancy.queries import tenant_with_slug
from apps.tenancy.verbs import CommandVerb, tenant_output, verb

from .backups import reference_of


@verb
class Restore(CommandVerb):
    """Restore a tenant from a backup: as a new tenant, or in place."""

    name = "restore"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("backup", metavar="BACKUP", help="The number of a backup, or a file.")
        parser.add_argument("--as", dest="slug", metavar="SLUG", default="", help="An unused short name.")
        parser.add_argument(
            "--in-place", action="store_true", help="Replace the tenant's current data, which is lost."
        )
        parser.add_argument("--name", default="", help="The display name.")
        parser.add_argument("--database", default="home", choices=databases.known())
        parser.add_argument("--reason", default="", help="The reason, for the audit log.")

    def run(
        self,
        *,
        backup: str,
        slug: str,
        in_place: bool,
        name: str,
        database: str,
        reason: str,
        dry_run: bool,
        **_: Any,
    ) -> Output:
        if bool(slug) == in_place:
            raise CommandError("Give either --as SLUG or --in-place.", returncode=EXIT_CODE_WRONG_USAGE)
        command = RestoreTenant(
            backup=reference_of(backup),
            slug=slug,
            name=name,
            database=database,
            reason=reason or "On request.",
        )
        result = self.execute(command, dry_run=dry_run, would="The backup would be restored.")
        if isinstance(result, Output):
            return result
        suffix = "" if result.mode == Tenant.Mode.NORMAL else f"; in mode {result.get_mode_display().lower()}"
        return tenant_output(result, f"is restored and verified{suffix}")


@verb
class Clone(CommandVerb):
    """Make a sandbox of a tenant, without access to external systems."""

    name = "clone"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument(
            "--as", dest="new", metavar="SLUG", required=True, help="The sandbox's short name."
        )
        parser.add_argument("--name", default="", help="The display name.")
        parser.add_argument(
            "--anonymise", action="store_true", help="Replace names and free text of persons."
        )

    def run(self, *, slug: str, new: str, name: str, anonymise: bool, dry_run: bool, **_: Any) -> Output:
        source = tenant_with_slug(slug)
        command = CloneTenant(tenant_id=source.pk, slug=new, name=name, anonymise=anonymise)
        result = self.execute(command, dry_run=dry_run, would=f"{source} would be cloned as {new}.")
        return result if isinstance(result, Output) else tenant_output(result, f"is a sandbox of {source}")
