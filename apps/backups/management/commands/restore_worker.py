"""`manage.py restore_worker`: runs restores and clones that were requested in the operator's console."""

from __future__ import annotations

from apps.backups.schedule import restorations

from .backup_worker import Command as BackupWorker


class Command(BackupWorker):
    help = (
        "Run the restores and clones that operators requested. Needs DATABASE_OWNER_URL, so run it beside the other"
        " processes, or with --once when a request waits. A request runs once: that of a killed worker fails."
    )
    name = "restore worker"

    def run_due_jobs(self) -> None:
        for line in restorations.work(lambda: self.stopping):
            self.stdout.write(line)
