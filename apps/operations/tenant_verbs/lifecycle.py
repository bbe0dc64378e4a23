"""Transitions of a tenant's state at the command line, and the progress of its workflows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, Output
from apps.operations import queries
from apps.operations.commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    SuspendTenant,
    TransitionCommand,
)
from apps.sagas import queries as sagas
from apps.tenancy import queries as tenants
from apps.tenancy.erasure.footprint import tenant_footprint
from apps.tenancy.erasure.reapply import reappeared, reapply
from apps.tenancy.verbs import CommandVerb, Verb, verb

if TYPE_CHECKING:
    from apps.sagas.models import Run
    from apps.tenancy.models import Tenant


class _TransitionVerb(CommandVerb):
    command: ClassVar[type[TransitionCommand]]

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument(
            "--reason",
            required=True,
            help="The reason, for the audit log and the administrators of the tenant.",
        )

    def run(self, *, slug: str, reason: str, dry_run: bool, **_: Any) -> Output:
        tenant = tenants.tenant_with_slug(slug)
        command = self.command(tenant_id=tenant.pk, reason=reason)
        if dry_run:
            self.validate(command)
            return self.dry_run(tenant)
        return self.done(dispatch(command, actor=SHELL))

    def dry_run(self, tenant: Tenant) -> Output:
        return Output(f"{tenant}: the change would be accepted.", {"slug": tenant.slug, "dry_run": True})

    def done(self, tenant: Tenant) -> Output:
        return Output(
            f"{tenant} is {tenant.get_state_display().lower()}.", {"slug": tenant.slug, "state": tenant.state}
        )


@verb
class Suspend(_TransitionVerb):
    """Close a tenant to its users temporarily."""

    name = "suspend"
    command = SuspendTenant


@verb
class Activate(_TransitionVerb):
    """Reopen a suspended or archived tenant."""

    name = "activate"
    command = ActivateTenant


@verb
class Archive(_TransitionVerb):
    """Close a tenant permanently and retain its data."""

    name = "archive"
    command = ArchiveTenant


@verb
class Erase(_TransitionVerb):
    """Queue a tenant for deletion. With --dry-run: the data that would be deleted."""

    name = "erase"
    command = EraseTenant

    def dry_run(self, tenant: Tenant) -> Output:
        footprint = tenant_footprint(tenant.info)
        return Output(
            f"{tenant} would be queued for deletion: {footprint.rows:,} rows in {footprint.tables} tables"
            f" ({footprint.bytes:,} bytes) and {footprint.files:,} files ({footprint.file_bytes:,} bytes).",
            {"slug": tenant.slug, "dry_run": True, **asdict(footprint)},
        )

    def done(self, tenant: Tenant) -> Output:
        return Output(
            f"{tenant} is queued for deletion, and will be erased from {tenant.delete_after} on.",
            {"slug": tenant.slug, "state": tenant.state, "delete_after": tenant.delete_after},
        )


@verb
class CancelErasing(_TransitionVerb):
    """Cancel the erasure of a tenant that is queued for deletion."""

    name = "cancel-erasure"
    command = CancelErasure


@verb
class Progress(Verb):
    """Show the progress of the workflows of a tenant, newest first."""

    name = "progress"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name, also of an erased tenant.")

    def run(self, *, slug: str, **_: Any) -> Output:
        runs = list(queries.saga_runs_of(slug)[:20])
        text = "\n".join(_line(run) for run in runs) or f"{slug} has no workflows yet."
        return Output(text, {"slug": slug, "saga_runs": [_plain(run) for run in runs]})


@verb
class ReapplyErasures(Verb):
    """After a restore: erase again every tenant that the erasure journal lists as erased."""

    name = "reapply-erasures"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="List the tenants only.")

    def run(self, *, dry_run: bool, **_: Any) -> Output:
        tenants = reappeared() if dry_run else reapply(actor=SHELL)
        slugs = [tenant.slug for tenant in tenants]
        outcome = "would be erased again" if dry_run else "were erased again"
        text = f"{', '.join(slugs)} {outcome}." if slugs else "No erased tenant was restored."
        return Output(text, {"erased": slugs, "dry_run": dry_run})


def _line(run: Run) -> str:
    at = "" if run.finished_at else f", at “{run.step}”{f': {run.stage}' if run.stage else ''}"
    last_error = f"\n      {run.last_error}" if run.last_error else ""
    return f"{run.progress:>3} %  {sagas.title_of(run)}: {run.get_state_display().lower()}{at}{last_error}"


def _plain(run: Run) -> dict[str, Any]:
    names = (
        "saga",
        "run_number",
        "state",
        "step",
        "stage",
        "progress",
        "completed_steps",
        "last_error",
        "begun_at",
        "finished_at",
    )
    return {"run_id": run.pk, **{name: getattr(run, name) for name in names}}
