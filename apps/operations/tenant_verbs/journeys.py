"""The turns of a tenant's life at the command line, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from apps import bus
from apps.bus import Command, dispatch
from apps.console.terminal import Output
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.operations import queries
from apps.operations.commands import (
    ActivateTenant,
    ArchiveTenant,
    CancelErasure,
    EraseTenant,
    SuspendTenant,
)
from apps.sagas import queries as sagas
from apps.sagas.models import Run
from apps.tenancy.erasure.footprint import tenant_footprint
from apps.tenancy.erasure.reapply import reapply, returned
from apps.tenancy.models import Tenant

from .base import SHELL, Verb, tenant_named, verb


class _Turn(Verb):
    command: ClassVar[type[Command]]

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument(
            "--reason", required=True, help="Why. It stands in the audit log, and the tenant is told."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be refused; change nothing."
        )

    def run(self, *, slug: str, reason: str, dry_run: bool, **_: Any) -> Output:  # type: ignore[override]
        tenant = tenant_named(slug)
        command = self.command(tenant_id=tenant.pk, reason=reason)  # type: ignore[call-arg]
        if dry_run:
            _refuse(bus.dry_run(command, actor=SHELL))
            return self.dry_run(tenant)
        return self.done(dispatch(command, actor=SHELL))

    def dry_run(self, tenant: Tenant) -> Output:
        return Output(f"{tenant}: it would be done.", {"slug": tenant.slug, "dry_run": True})

    def done(self, tenant: Tenant) -> Output:
        return Output(
            f"{tenant} is {tenant.get_state_display().lower()}.", {"slug": tenant.slug, "state": tenant.state}
        )


@verb
class Suspend(_Turn):
    """Close a tenant to its users for a while."""

    name = "suspend"
    command = SuspendTenant


@verb
class Activate(_Turn):
    """Open a tenant again that was suspended or archived."""

    name = "activate"
    command = ActivateTenant


@verb
class Archive(_Turn):
    """Put a tenant to rest; its data is kept."""

    name = "archive"
    command = ArchiveTenant


@verb
class Erase(_Turn):
    """Queue a tenant for deletion. With --dry-run: what would go."""

    name = "erase"
    command = EraseTenant

    def dry_run(self, tenant: Tenant) -> Output:
        has = tenant_footprint(tenant.info)
        return Output(
            f"{tenant} would be queued for deletion, and then lose {has.rows:,} rows in {has.tables} tables"
            f" ({has.bytes:,} bytes) and {has.files:,} files ({has.file_bytes:,} bytes).",
            {"slug": tenant.slug, "dry_run": True, **asdict(has)},
        )

    def done(self, tenant: Tenant) -> Output:
        return Output(
            f"{tenant} is queued for deletion, and may be erased from {tenant.delete_after} on.",
            {"slug": tenant.slug, "state": tenant.state, "delete_after": tenant.delete_after},
        )


@verb
class CancelErasing(_Turn):
    """Call off the erasure of a tenant that is queued for deletion."""

    name = "cancel-erasure"
    command = CancelErasure


@verb
class Progress(Verb):
    """How far the journeys of a tenant are, the last one first."""

    name = "progress"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name, also of one that is gone.")

    def run(self, *, slug: str, **_: Any) -> Output:  # type: ignore[override]
        runs = list(queries.journeys_of(slug)[:20])
        text = "\n".join(_line(run) for run in runs) or f"{slug} is on no journey and never was."
        return Output(text, {"slug": slug, "journeys": [_plain(run) for run in runs]})


@verb
class ReapplyErasures(Verb):
    """After a restore: erase again, at once, every tenant that came back though the journal says it is erased."""

    name = "reapply-erasures"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say who came back; erase nobody.")

    def run(self, *, dry_run: bool, **_: Any) -> Output:  # type: ignore[override]
        tenants = returned() if dry_run else reapply(actor=SHELL)
        named = [tenant.slug for tenant in tenants]
        done = "would be erased again" if dry_run else "were erased again"
        text = f"{', '.join(named)} {done}." if named else "Nobody came back who was erased."
        return Output(text, {"erased": named, "dry_run": dry_run})


def _refuse(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)


def _line(run: Run) -> str:
    at = "" if run.ended_at else f", at “{run.step}”{f': {run.stage}' if run.stage else ''}"
    last_error = f"\n      {run.last_error}" if run.last_error else ""
    return f"{run.progress:>3} %  {sagas.title_of(run)}: {run.get_state_display().lower()}{at}{last_error}"


def _plain(run: Run) -> dict[str, Any]:
    shown = (
        "saga",
        "run_number",
        "state",
        "step",
        "stage",
        "progress",
        "completed_steps",
        "last_error",
        "begun_at",
        "ended_at",
    )
    return {"run_id": run.pk, **{name: getattr(run, name) for name in shown}}
