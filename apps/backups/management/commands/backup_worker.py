"""`manage.py backup_worker`: runs backups, restore drills and retention."""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from apps.backups.schedule import jobs, restore_drills, running, scheduler

POLL_INTERVAL_S = 2.0
SCHEDULE_INTERVAL_S = 60.0
CLEAN_UP_INTERVAL_S = 3600.0
log = logging.getLogger("bursar.backups")


class Command(BaseCommand):
    help = (
        "Run the backups and restore drills that are due and remove expired backups. Several workers can run in"
        " parallel. On SIGTERM a worker finishes its current job; the job of a killed worker is scheduled again."
    )

    name = "backup worker"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run the jobs that are due, and stop")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        self.stopping, self.schedules_at, self.cleans_up_at = False, 0.0, 0.0
        if once:
            self._run()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.stdout.write(f"The {self.name} is running.")
        while not self.stopping:
            try:
                self._run()
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database is unavailable, retrying: {error}")
                connections.close_all()
            except Exception:
                log.exception("Unexpected error in the %s; it continues.", self.name)
            if not self.stopping:
                time.sleep(POLL_INTERVAL_S)
        self.stdout.write(f"The {self.name} has stopped.")

    def _run(self) -> None:
        close_old_connections()
        self.run_due_jobs()

    def run_due_jobs(self) -> None:
        if time.monotonic() >= self.schedules_at:
            self.schedules_at = time.monotonic() + SCHEDULE_INTERVAL_S
            scheduler.schedule_due()
        for line in running.work(lambda: self.stopping):
            self.stdout.write(line)
        if time.monotonic() >= self.cleans_up_at:
            self.cleans_up_at = time.monotonic() + CLEAN_UP_INTERVAL_S
            jobs.prune()
            restore_drills.drop_leftovers()

    def _stop(self, *_: object) -> None:
        self.stopping = True
