"""List of tenants, their status, and their mode."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps import bus
from apps.bus import dispatch
from apps.console.terminal import SHELL, Output
from apps.kernel.availability import Availability, availability_of
from apps.kernel.errors import raise_all
from apps.tenancy import queries as tenants
from apps.tenancy.commands import SetMode
from apps.tenancy.states import Mode, State
from apps.tenancy.verbs import Verb, verb

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

LABELS = {
    "reads": "read",
    "writes": "write",
    "works": "workers",
    "beats": "scheduled tasks",
    "sends": "webhooks",
    "signs_in": "sign in",
    "billing": "plan",
}


@verb
class List(Verb):
    """List the tenants with their status."""

    name = "list"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--state", choices=State.values, help="Only tenants in this state.")
        parser.add_argument("--mode", choices=Mode.values, help="Only tenants in this mode.")

    def run(self, *, state: str | None, mode: str | None, **_: Any) -> Output:
        filters = {name: value for name, value in (("state", state), ("mode", mode)) if value}
        rows = list(tenants.tenants(**filters))
        text = "\n".join(f"{tenant.slug:<20} {_status(tenant):<34} {tenant.name}" for tenant in rows)
        return Output(text or "No tenant matches.", {"tenants": [_plain(tenant) for tenant in rows]})


@verb
class Show(Verb):
    """Show the status of a tenant, the reason, and its availability."""

    name = "show"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")

    def run(self, *, slug: str, **_: Any) -> Output:
        tenant = tenants.tenant_with_slug(slug)
        availability = availability_of(tenant.info)
        lines = [
            ("Tenant", f"{tenant.name} (number {tenant.pk})"),
            ("Status", _status(tenant)),
            ("Since", f"{tenant.state_since:%Y-%m-%d %H:%M} UTC" if tenant.state_since else ""),
            ("Reason", tenant.state_reason),
            ("Trial ends", str(tenant.trial_ends_on or "")),
            ("Erased after", str(tenant.delete_after or "")),
            ("Available", _available(availability)),
            ("Database", f"{tenant.schema_name} of {tenant.database}{', pinned' if tenant.pinned else ''}"),
            ("Console", f"{settings.PUBLIC_URL}/t/{tenant.slug}/"),
        ]
        text = "\n".join(f"{name:<13}{value}" for name, value in lines if value)
        options = {name: value for name, value in asdict(availability).items() if name in LABELS}
        return Output(
            text,
            _plain(tenant)
            | {"availability": options | {"administrators_only": availability.administrators_only}},
        )


@verb
class SetModeOfOne(Verb):
    """Set a tenant to read-only, maintenance or normal operation."""

    name = "mode"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("mode", choices=Mode.values)
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")
        parser.add_argument("--dry-run", action="store_true", help="Validate only, and report refusals.")

    def run(self, *, slug: str, mode: str, reason: str, dry_run: bool, **_: Any) -> Output:
        tenant = tenants.tenant_with_slug(slug)
        command = SetMode(tenant_id=tenant.pk, mode=mode, reason=reason)
        if not dry_run:
            tenant = dispatch(command, actor=SHELL)
            return Output(f"{tenant} is {_status(tenant)}.", _plain(tenant))
        refusals = bus.dry_run(command, actor=SHELL)
        raise_all(refusals)
        return Output(f"{tenant}: the change would be accepted.", {"slug": tenant.slug, "dry_run": True})


def _status(tenant: Tenant) -> str:
    state = tenant.get_state_display().lower()
    return state if tenant.mode == Mode.NORMAL else f"{state}, {tenant.get_mode_display().lower()}"


def _available(availability: Availability) -> str:
    options = ", ".join(word for option, word in LABELS.items() if getattr(availability, option)) or "nothing"
    return f"{options}; administrators only" if availability.administrators_only else options


def _plain(tenant: Tenant) -> dict[str, Any]:
    state = ("slug", "name", "state", "state_since", "state_reason", "mode", "trial_ends_on", "delete_after")
    placement = ("database", "region", "pinned", "epoch")
    return {"id": tenant.pk, **{name: getattr(tenant, name) for name in (*state, *placement)}}
