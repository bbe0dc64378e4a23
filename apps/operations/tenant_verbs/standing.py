"""Which tenants there are, how each stands, and the mode that lies over its state."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps import bus
from apps.bus import dispatch
from apps.console.terminal import Output
from apps.kernel.availability import Availability, availability_of
from apps.kernel.errors import SeveralRefusals
from apps.tenancy.commands import SetMode
from apps.tenancy.models import Tenant

from .base import SHELL, Verb, tenant_named, verb

WORDS = {
    "reads": "read",
    "writes": "write",
    "works": "workers",
    "beats": "what comes round",
    "sends": "webhooks",
    "signs_in": "sign in",
    "billing": "plan",
}


@verb
class List(Verb):
    """Every tenant, and how it stands."""

    name = "list"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--state", choices=Tenant.State.values, help="Only those in this state.")
        parser.add_argument("--mode", choices=Tenant.Mode.values, help="Only those in this mode.")

    def run(self, *, state: str | None, mode: str | None, **_: Any) -> Output:  # type: ignore[override]
        asked = {name: value for name, value in (("state", state), ("mode", mode)) if value}
        tenants = list(Tenant.objects.filter(**asked).order_by("slug"))
        text = "\n".join(f"{tenant.slug:<20} {_stands(tenant):<34} {tenant.name}" for tenant in tenants)
        return Output(text or "There is none.", {"tenants": [_plain(tenant) for tenant in tenants]})


@verb
class Show(Verb):
    """How a tenant stands, since when and why, and what it gets at present."""

    name = "show"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")

    def run(self, *, slug: str, **_: Any) -> Output:  # type: ignore[override]
        tenant = tenant_named(slug)
        availability = availability_of(tenant.info)
        lines = [
            ("Tenant", f"{tenant.name} (number {tenant.pk})"),
            ("Stands", _stands(tenant)),
            ("Since", f"{tenant.state_since:%Y-%m-%d %H:%M} UTC" if tenant.state_since else ""),
            ("Because", tenant.state_reason),
            ("Trial ends", str(tenant.trial_ends_on or "")),
            ("Erased after", str(tenant.delete_after or "")),
            ("Gets", _gets(availability)),
            ("Lies in", f"{tenant.schema_name} of {tenant.database}{', pinned' if tenant.pinned else ''}"),
            ("Console", f"{settings.PUBLIC_URL}/t/{tenant.slug}/"),
        ]
        text = "\n".join(f"{name:<13}{value}" for name, value in lines if value)
        options = {name: value for name, value in asdict(availability).items() if name in WORDS}
        return Output(
            text,
            _plain(tenant)
            | {"availability": options | {"administrators_only": availability.administrators_only}},
        )


@verb
class SetModeOfOne(Verb):
    """Let a tenant be only read for a while, or not used at all, or be used as usual again."""

    name = "mode"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("mode", choices=Tenant.Mode.values)
        parser.add_argument("--reason", required=True, help="Why. It stands in the audit log.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be refused; change nothing."
        )

    def run(self, *, slug: str, mode: str, reason: str, dry_run: bool, **_: Any) -> Output:  # type: ignore[override]
        tenant = tenant_named(slug)
        command = SetMode(tenant_id=tenant.pk, mode=mode, reason=reason)
        if not dry_run:
            tenant = dispatch(command, actor=SHELL)
            return Output(f"{tenant} is {_stands(tenant)}.", _plain(tenant))
        refusals = bus.dry_run(command, actor=SHELL)
        if refusals:
            raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)
        return Output(f"{tenant}: it would be done.", {"slug": tenant.slug, "dry_run": True})


def _stands(tenant: Tenant) -> str:
    state = tenant.get_state_display().lower()
    return state if tenant.mode == Tenant.Mode.NORMAL else f"{state}, {tenant.get_mode_display().lower()}"


def _gets(availability: Availability) -> str:
    options = ", ".join(word for part, word in WORDS.items() if getattr(availability, part)) or "nothing"
    return f"{options}; administrators only" if availability.administrators_only else options


def _plain(tenant: Tenant) -> dict[str, Any]:
    said = ("slug", "name", "state", "state_since", "state_reason", "mode", "trial_ends_on", "delete_after")
    lies = ("database", "region", "pinned", "epoch")
    return {"id": tenant.pk, **{name: getattr(tenant, name) for name in (*said, *lies)}}
