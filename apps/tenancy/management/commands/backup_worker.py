"""`manage.py backup_worker`: the process that makes backups and tries them."""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from apps.tenancy.transfer import jobs, restore_drills, running, scheduler

LOOK_EVERY = 2.0
ASK_EVERY = 60.0
CLEAR_EVERY = 3600.0
log = logging.getLogger("bursar.backups")


class Command(BaseCommand):
    help = (
        "Make the backups that are due, try some of them and remove old ones, until told to stop. Several may run"
        " side by side. Told to stop, it ends what it has in hand; what a killed one had in hand is begun again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due, and stop")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        self.stopping, self.asks_at, self.clears_at = False, 0.0, 0.0
        if once:
            self._come_round()
            return
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        self.stdout.write("The backup worker keeps watch.")
        while not self.stopping:
            try:
                self._come_round()
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database is away, trying again: {error}")
                connections.close_all()
            except Exception:
                log.exception("The backup worker met what it did not know, and goes on.")
            if not self.stopping:
                time.sleep(LOOK_EVERY)
        self.stdout.write("The backup worker has stopped.")

    def _come_round(self) -> None:
        close_old_connections()
        if time.monotonic() >= self.asks_at:
            self.asks_at = time.monotonic() + ASK_EVERY
            scheduler.schedule_due()
        for said in running.work(lambda: self.stopping):
            self.stdout.write(said)
        if time.monotonic() >= self.clears_at:
            self.clears_at = time.monotonic() + CLEAR_EVERY
            jobs.prune()
            restore_drills.drop_leftovers()

    def _stop(self, *_: object) -> None:
        self.stopping = True
