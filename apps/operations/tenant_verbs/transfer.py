"""Backups, restores, sandboxes and moves at the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from apps import bus
from apps.bus import Command, dispatch
from apps.console.terminal import SHELL, Output
from apps.kernel.db import databases
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.operations.commands import MoveTenant
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import jobs, moving, objectives, restore_drills, running, storage, verifying
from apps.tenancy.transfer.backup_file import BackupFile
from apps.tenancy.transfer.commands import BackUpTenant, CloneTenant, RestoreTenant, SetBackupPolicy
from apps.tenancy.transfer.errors import RestoredDataDiffers
from apps.tenancy.transfer.models import Backup, RestoreDrill
from apps.tenancy.transfer.policies import Policies

from .base import Verb, tenant_named, verb

DRY_RUN_HELP = "Validate only, and report refusals."


class CommandVerb(Verb):
    """A verb that dispatches one command, or validates it only."""

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help=DRY_RUN_HELP)

    def execute(self, command: Command, *, dry_run: bool, would: str) -> Output | Any:
        if not dry_run:
            return dispatch(command, actor=SHELL)
        _refuse(bus.dry_run(command, actor=SHELL))
        return Output(would, {"dry_run": True})


@verb
class BackUp(CommandVerb):
    """Back up a tenant to the object store, or to a file."""

    name = "backup"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--to", metavar="FILE", default="", help="A local file.")
        parser.add_argument(
            "--with-files", action="store_true", help="Include its files in the object store."
        )

    def run(self, *, slug: str, to: str, with_files: bool, dry_run: bool, **_: Any) -> Output:
        tenant = tenant_named(slug)
        to = str(Path(to).absolute()) if to else ""
        command = BackUpTenant(tenant_id=tenant.pk, to=to, with_files=with_files)
        result = self.execute(command, dry_run=dry_run, would=f"{tenant} would be backed up.")
        return result if isinstance(result, Output) else Output(_of_backup(result), _plain(result))


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
            raise CommandError("Give either --as SLUG or --in-place.", returncode=2)
        command = RestoreTenant(
            backup=_backup(backup), slug=slug, name=name, database=database, reason=reason or "On request."
        )
        result = self.execute(command, dry_run=dry_run, would="The backup would be restored.")
        if isinstance(result, Output):
            return result
        suffix = "" if result.mode == Tenant.Mode.NORMAL else f"; in mode {result.get_mode_display().lower()}"
        return _of_tenant(result, f"is restored and verified{suffix}")


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
        parser.add_argument(
            "--with-files", action="store_true", help="Include its files in the object store."
        )

    def run(
        self, *, slug: str, new: str, name: str, anonymise: bool, with_files: bool, dry_run: bool, **_: Any
    ) -> Output:
        source = tenant_named(slug)
        command = CloneTenant(
            tenant_id=source.pk, slug=new, name=name, anonymise=anonymise, with_files=with_files
        )
        result = self.execute(command, dry_run=dry_run, would=f"{source} would be cloned as {new}.")
        return result if isinstance(result, Output) else _of_tenant(result, f"is a sandbox of {source}")


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
        tenant = tenant_named(slug)
        command = MoveTenant(tenant_id=tenant.pk, database=to, reason=reason)
        if not dry_run:
            moving.drain(tenant.info)
        moved = self.execute(
            command, dry_run=dry_run, would=f"{tenant} would be moved from {tenant.database} to {to}."
        )
        return moved if isinstance(moved, Output) else _of_tenant(moved, f"is verified and works in {to}")


@verb
class Verify(Verb):
    """Validate a backup file, or compare it with a tenant."""

    name = "verify"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("backup", metavar="BACKUP", help="The number of a backup, or a file.")
        parser.add_argument(
            "--with", dest="slug", metavar="SLUG", default="", help="Compare it with this tenant."
        )

    def run(self, *, backup: str, slug: str, **_: Any) -> Output:
        storage_key, checksum = jobs.locate(_backup(backup))
        with storage.opened(storage_key, checksum) as file:
            opened = BackupFile(file, storage_key)
            opened.validate()
            faults = verifying.faults(opened.manifest, tenant_named(slug).info) if slug else []
        if faults:
            raise RestoredDataDiffers(faults="; ".join(faults))
        rows = sum(table["rows"] for table in opened.manifest["tables"].values())
        same = f", and {slug} has the same content" if slug else ""
        return Output(f"The backup file is complete: {rows:,} rows{same}.", {"rows": rows, "faults": []})


@verb
class Backups(Verb):
    """Status of the backups of all tenants, or the backups of one."""

    name = "backups"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument(
            "slug", metavar="SLUG", nargs="?", default="", help="Only the backups of this tenant."
        )
        parser.add_argument("--restore-drill", action="store_true", help="Run a restore drill now.")

    def run(self, *, slug: str, restore_drill: bool, **_: Any) -> Output:
        if restore_drill:
            return _of_drill(restore_drills.run_now())
        if slug:
            backups = list(jobs.all_of(slug)[:50])
            lines = [_of_backup(backup) for backup in backups] or [f"{slug} was never backed up."]
            return Output("\n".join(lines), {"backups": [_plain(backup) for backup in backups]})
        rows = objectives.statuses()
        return Output(
            "\n".join(_line(row) for row in rows) or "There is no tenant.",
            {"tenants": [_status(row) for row in rows], "late": sum(row.is_late for row in rows)},
        )


@verb
class CleanUp(Verb):
    """Drop schemas set aside by moves and restores more than seven days ago. Needs DATABASE_OWNER_URL."""

    name = "clean-up"

    def run(self, **_: Any) -> Output:
        did = [*running.clean_up()]
        return Output("; ".join(did) or "There was nothing.", {"did": did})


@verb
class BackUpPolicy(Verb):
    """How often a tenant is backed up, and how long its backups are retained. 0 = platform default."""

    name = "backup-policy"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--interval-hours", metavar="HOURS", type=int, default=0)
        parser.add_argument("--retention-days", metavar="DAYS", type=int, default=0)
        parser.add_argument("--max-count", metavar="NUMBER", type=int, default=0)
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")

    def run(
        self, *, slug: str, interval_hours: int, retention_days: int, max_count: int, reason: str, **_: Any
    ) -> Output:
        tenant = tenant_named(slug)
        command = SetBackupPolicy(
            tenant_id=tenant.pk,
            interval_hours=interval_hours,
            retention_days=retention_days,
            max_count=max_count,
            reason=reason,
        )
        dispatch(command, actor=SHELL)
        text = f"{tenant} is backed up {Policies().of(tenant.pk)}."
        return Output(
            text,
            {
                "slug": slug,
                "interval_hours": interval_hours,
                "retention_days": retention_days,
                "max_count": max_count,
            },
        )


def _backup(reference: str) -> str:
    return reference if reference.isdigit() else str(Path(reference).absolute())


def _refuse(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise refusals[0] if len(refusals) == 1 else SeveralRefusals(refusals)


def _of_tenant(tenant: Tenant, predicate: str) -> Output:
    return Output(
        f"{tenant} {predicate}.",
        {"slug": tenant.slug, "id": tenant.pk, "state": tenant.state, "database": tenant.database},
    )


def _of_backup(backup: Backup) -> str:
    facts = f"{backup.rows:,} rows, {backup.bytes:,} bytes, {backup.storage_key}"
    return f"{backup.pk:>6}  {backup}: {backup.error or facts} ({Backup.State(backup.state).label.lower()})"


def _of_drill(drill: RestoreDrill | None) -> Output:
    if drill is None or drill.backup is None:
        return Output(
            "There is no backup to restore, or a restore drill is running.", {"restore_drill": None}
        )
    text = drill.error or f"restored and verified in {drill.backup.restore_seconds} s"
    return Output(f"{drill}: {text}.", {"restore_drill": _plain(drill.backup) | {"error": drill.error}})


def _plain(backup: Backup) -> dict[str, Any]:
    names = (
        "slug",
        "kind",
        "state",
        "storage_key",
        "rows",
        "bytes",
        "checksum",
        "begun_at",
        "ended_at",
        "verified_at",
    )
    return {"id": backup.pk, **{name: getattr(backup, name) for name in (*names, "restore_seconds", "error")}}


def _line(status: objectives.BackupStatus) -> str:
    newest = f"{status.newest.begun_at:%Y-%m-%d %H:%M}" if status.newest else "never"
    late, slow = " LATE" if status.is_late else "", " SLOW" if status.is_slow else ""
    return (
        f"{status.tenant.slug:<20} {newest}{late}{slow}{f'  {status.failed.error}' if status.failed else ''}"
    )


def _status(status: objectives.BackupStatus) -> dict[str, Any]:
    return {
        "slug": status.tenant.slug,
        "newest": status.newest and _plain(status.newest),
        "failed": status.failed and status.failed.error,
        "late": status.is_late,
        "slow": status.is_slow,
        "policy": str(status.policy),
    }
