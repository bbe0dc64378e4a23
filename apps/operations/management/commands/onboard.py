"""`manage.py onboard SLUG --name … --owner-email …`: onboarding of a tenant, and the invitation of its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.bus import dispatch, dry_run
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.errors import raise_all
from apps.kernel.notation.arguments import whole_number
from apps.operations.commands import OnboardTenant

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant


class Command(BursarCommand):
    help = "Set up a new tenant: schema, first company, calendar, ledger, and an owner, invited by e-mail."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="Short name: /t/SLUG/ and SLUG.<domain>.")
        parser.add_argument("--name", required=True, help="The display name.")
        parser.add_argument("--owner-email", required=True)
        parser.add_argument("--owner-name", default="")
        parser.add_argument("--currency", default="USD", help="ISO 4217 code of the first company (USD).")
        parser.add_argument(
            "--trial-days",
            type=whole_number(),
            default=0,
            help="Length of the trial in days; 0 = active at once.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Validate only, and report refusals.")

    def run(
        self,
        *,
        slug: str,
        name: str,
        owner_email: str,
        owner_name: str,
        currency: str,
        trial_days: int,
        dry_run: bool,
        **_: Any,
    ) -> Output:
        command = OnboardTenant(
            slug=slug,
            name=name,
            owner_email=owner_email,
            owner_name=owner_name,
            currency=currency,
            trial_days=trial_days,
        )
        if dry_run:
            return _dry_run(command)
        return _onboarded(dispatch(command, actor=SHELL))


def _dry_run(command: OnboardTenant) -> Output:
    refusals = dry_run(command, actor=SHELL)
    raise_all(refusals)
    return Output(
        f"{command.name} would be onboarded as {command.slug}.", {"slug": command.slug, "dry_run": True}
    )


def _onboarded(tenant: Tenant) -> Output:
    data = {
        "id": tenant.pk,
        "slug": tenant.slug,
        "name": tenant.name,
        "state": tenant.state,
        "schema": tenant.schema_name,
        "console": f"{settings.PUBLIC_URL}/t/{tenant.slug}/",
        "owner_email": tenant.owner_email,
    }
    text = (
        f"{tenant.name} is {tenant.get_state_display().lower()}.\n"
        f"Console     {data['console']}\n"
        f"Owner       {tenant.owner_email}; an e-mail with the invitation is on its way."
    )
    return Output(text, data)
