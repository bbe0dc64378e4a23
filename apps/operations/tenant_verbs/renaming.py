"""Renaming of a tenant at the command line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.console.terminal import Output
from apps.tenancy import queries as tenants
from apps.tenancy.commands import RenameTenant
from apps.tenancy.verbs import CommandVerb, tenant_output, verb


@verb
class Rename(CommandVerb):
    """Give a tenant another short name, and so another address, or another name. The former address redirects."""

    name = "rename"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--as", dest="new", metavar="SLUG", help="The new short name.")
        parser.add_argument("--name", help="The new display name.")
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")

    def run(
        self, *, slug: str, new: str | None, name: str | None, reason: str, dry_run: bool, **_: Any
    ) -> Output:
        tenant = tenants.tenant_with_slug(slug)
        command = RenameTenant(tenant_id=tenant.pk, slug=new, name=name, reason=reason)
        would = f"{tenant} would be at /t/{new or slug}/, with the name {name or tenant.name}."
        result = self.execute(command, dry_run=dry_run, would=would)
        return result if isinstance(result, Output) else tenant_output(result, f"is at /t/{result.slug}/")
