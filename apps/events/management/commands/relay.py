"""`manage.py relay`: the process that routes committed events to the workers."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connections

from apps.events.publishing import CHANNEL
from apps.events.relay import route, sweep, top_up, wait_for_notification
from apps.kernel.db import databases
from apps.kernel.exit_codes import EXIT_CODE_WRONG_USAGE
from apps.kernel.queues.wait_times import QueueMonitor
from apps.kernel.tenant import activate

SWEEP_INTERVAL_S = 5.0
POLL_INTERVAL_S = 1.0
BATCHES_PER_LOOP = 20
BUSY_POLL_INTERVAL_S = 0.05
"""While more deliveries are due than the hint budget allows."""


class Command(BaseCommand):
    help = "Route committed events to the workers until stopped. Several relays may run at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="route pending events, sweep, and stop")
        parser.add_argument(
            "--database", metavar="KEY", help="only this database; default: all reachable ones"
        )

    def handle(self, *args: Any, once: bool = False, database: str = "", **options: Any) -> None:
        outboxes = _outboxes(database)
        if once:
            self._route_once(outboxes)
        else:
            self._listen(outboxes)

    def _route_once(self, outboxes: Sequence[str]) -> None:
        routed = sum(sum(iter(partial(route, using=outbox), 0)) for outbox in outboxes)
        hinted = sum(sweep(using=outbox) for outbox in outboxes)
        self.stdout.write(f"{routed} events routed, {hinted} deliveries hinted again.")

    def _listen(self, outboxes: Sequence[str]) -> None:
        """Until stopped. One thread per database, so that an unreachable one does not block the others."""
        self.stopping, self.queue_monitor = False, QueueMonitor()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        others = [threading.Thread(target=self._run, args=(outbox,), name=outbox) for outbox in outboxes[1:]]
        for thread in others:
            thread.start()
        self.stdout.write("The relay listens.")
        self._run(outboxes[0], self.queue_monitor.check)
        for thread in others:
            thread.join()
        self.stdout.write("The relay has stopped.")

    @activate(None)
    def _run(self, using: str, check: Callable[[], object] = lambda: None) -> None:
        while not self.stopping:
            try:
                self._work(using, check)
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database is unreachable, retrying: {error}")
                connections.close_all()
                time.sleep(1)
        connections.close_all()

    def _work(self, using: str, check: Callable[[], object]) -> None:
        with connections[using].cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        swept_at = topped_at = 0.0
        more = False
        while not self.stopping:
            busy = _route_some(using)
            if time.monotonic() - swept_at > SWEEP_INTERVAL_S:
                sweep(using=using)
                swept_at = time.monotonic()
            check()
            if more or time.monotonic() - topped_at > POLL_INTERVAL_S:
                _, more = top_up(using=using)
                topped_at = time.monotonic()
            if not busy:
                wait_for_notification(BUSY_POLL_INTERVAL_S if more else POLL_INTERVAL_S, using=using)

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _route_some(using: str) -> bool:
    """Routes a few batches, so that due deliveries are hinted in between. True if there may be more."""
    return all(route(using=using) for _ in range(BATCHES_PER_LOOP))


def _outboxes(database: str) -> list[str]:
    """The relay connections of that database, or of all that have one. Raises CommandError."""
    reachable = databases.having("relay")
    if not reachable or (database and database not in reachable):
        raise CommandError(
            f"No relay connection is configured for {database or 'home'}.", returncode=EXIT_CODE_WRONG_USAGE
        )
    return [databases.at("relay", key) for key in ([database] if database else reachable)]
