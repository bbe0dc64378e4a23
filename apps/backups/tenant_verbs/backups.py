"""Backups at the command line: making, listing, verifying, and the policy of a tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.backups import queries
from apps.backups.commands import BackUpTenant, SetBackupPolicy
from apps.backups.files import storage, verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.models import Backup, RestoreDrill
from apps.backups.queries import BackupStatus
from apps.backups.schedule import jobs, restore_drills
from apps.bus import dispatch
from apps.console.terminal import SHELL, Output
from apps.kernel.notation import is_whole_number
from apps.kernel.notation.arguments import whole_number
from apps.tenancy.queries import tenant_with_slug
from apps.tenancy.verbs import CommandVerb, Verb, verb


@verb
class BackUp(CommandVerb):
    """Back up a tenant to the object store, or to a file."""

    name = "backup"

    def options(self, parser: CommandParser) -> None:
        super().options(parser)
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--to", metavar="FILE", default="", help="A local file.")
        parser.add_argument(
            "--with-files", action="store_true", help="Include its files also if BACKUP_WITH_FILES is off."
        )

    def run(self, *, slug: str, to: str, with_files: bool, dry_run: bool, **_: Any) -> Output:
        tenant = tenant_with_slug(slug)
        to = str(Path(to).absolute()) if to else ""
        command = BackUpTenant(tenant_id=tenant.pk, to=to, with_files=with_files)
        result = self.execute(command, dry_run=dry_run, would=f"{tenant} would be backed up.")
        return result if isinstance(result, Output) else Output(_of_backup(result), _plain(result))


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
        storage_key, checksum = jobs.locate(reference_of(backup))
        with storage.opened(storage_key, checksum) as file:
            opened = BackupFile(file, storage_key)
            opened.validate()
            if slug:
                verifying.content_must_be_equal(opened.manifest, tenant_with_slug(slug).info)
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
            backups = list(queries.backups(slug)[:50])
            lines = [_of_backup(backup) for backup in backups] or [f"{slug} was never backed up."]
            return Output("\n".join(lines), {"backups": [_plain(backup) for backup in backups]})
        rows = queries.statuses()
        return Output(
            "\n".join(_line(row) for row in rows) or "There is no tenant.",
            {"tenants": [_status(row) for row in rows], "late": sum(row.is_late for row in rows)},
        )


@verb
class BackUpPolicy(Verb):
    """How often a tenant is backed up, and how long its backups are retained. 0 = platform default."""

    name = "backup-policy"

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="The tenant's short name.")
        parser.add_argument("--interval-hours", metavar="HOURS", type=whole_number(), default=0)
        parser.add_argument("--retention-days", metavar="DAYS", type=whole_number(), default=0)
        parser.add_argument("--max-count", metavar="NUMBER", type=whole_number(), default=0)
        parser.add_argument("--reason", required=True, help="The reason, for the audit log.")

    def run(
        self, *, slug: str, interval_hours: int, retention_days: int, max_count: int, reason: str, **_: Any
    ) -> Output:
        tenant = tenant_with_slug(slug)
        command = SetBackupPolicy(
            tenant_id=tenant.pk,
            interval_hours=interval_hours,
            retention_days=retention_days,
            max_count=max_count,
            reason=reason,
        )
        dispatch(command, actor=SHELL)
        text = f"{tenant} is backed up {queries.policy_of(tenant)}."
        return Output(
            text,
            {
                "slug": slug,
                "interval_hours": interval_hours,
                "retention_days": retention_days,
                "max_count": max_count,
            },
        )


def _of_backup(backup: Backup) -> str:
    facts = f"{backup.rows:,} rows, {backup.bytes:,} bytes, {backup.storage_key}"
    return (
        f"{backup.pk:>6}  {backup}: {backup.last_error or facts} ({Backup.State(backup.state).label.lower()})"
    )


def _of_drill(drill: RestoreDrill | None) -> Output:
    if drill is None or drill.backup is None:
        return Output(
            "There is no backup to restore, or a restore drill is running.", {"restore_drill": None}
        )
    text = drill.last_error or f"restored and verified in {drill.backup.restore_seconds} s"
    return Output(
        f"{drill}: {text}.", {"restore_drill": _plain(drill.backup) | {"last_error": drill.last_error}}
    )


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
        "finished_at",
        "verified_at",
    )
    return {
        "id": backup.pk,
        **{name: getattr(backup, name) for name in (*names, "restore_seconds", "last_error")},
    }


def _line(status: BackupStatus) -> str:
    newest = f"{status.newest.begun_at:%Y-%m-%d %H:%M}" if status.newest else "never"
    late, slow = " LATE" if status.is_late else "", " SLOW" if status.is_slow else ""
    return f"{status.tenant.slug:<20} {newest}{late}{slow}{f'  {status.failed.last_error}' if status.failed else ''}"


def _status(status: BackupStatus) -> dict[str, Any]:
    return {
        "slug": status.tenant.slug,
        "newest": status.newest and _plain(status.newest),
        "failed": status.failed and status.failed.last_error,
        "late": status.is_late,
        "slow": status.is_slow,
        "policy": str(status.policy),
    }


def reference_of(backup: str) -> str:
    """The number of a backup, or the absolute path of a file."""
    return backup if is_whole_number(backup) else str(Path(backup).absolute())
