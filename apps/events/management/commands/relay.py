"""`manage.py relay`: the process that carries committed events to the workers."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connections

from apps.events.base import CHANNEL
from apps.events.relay import route, sweep, top_up, wait_for_notification
from apps.kernel import databases
from apps.kernel.tenant import activate
from apps.kernel.waiting import Watch

SWEEP_EVERY = 5.0
LOOK_EVERY = 1.0
BATCHES = 20
LOOK_AGAIN = 0.05
"""While more is due than the queues have room for."""


class Command(BaseCommand):
    help = "Carry committed events to the workers until told to stop. Several may run side by side."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="route what there is, sweep, and stop")
        parser.add_argument(
            "--database", metavar="KEY", help="of this database only; else of all that it can reach"
        )

    def handle(self, *args: Any, once: bool = False, database: str = "", **options: Any) -> None:
        reachable = databases.having("relay")
        if not reachable or (database and database not in reachable):
            raise CommandError(f"There is no address of a relay at {database or 'home'}.", returncode=2)
        outboxes = [databases.at("relay", key) for key in ([database] if database else reachable)]
        if once:
            routed = sum(sum(iter(partial(route, using=outbox), 0)) for outbox in outboxes)
            hinted = sum(sweep(using=outbox) for outbox in outboxes)
            self.stdout.write(f"{routed} events routed, {hinted} deliveries hinted again.")
            return
        self.stopping, self.watch = False, Watch()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        # One thread for each: a database that is away keeps no other waiting.
        others = [
            threading.Thread(target=self._carry, args=(outbox,), name=outbox) for outbox in outboxes[1:]
        ]
        for thread in others:
            thread.start()
        self.stdout.write("The relay listens.")
        self._carry(outboxes[0], self.watch.look)
        for thread in others:
            thread.join()
        self.stdout.write("The relay has stopped.")

    @activate(None)
    def _carry(self, using: str, look: Callable[[], object] = lambda: None) -> None:
        while not self.stopping:
            try:
                self._work(using, look)
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database is away, trying again: {error}")
                connections.close_all()
                time.sleep(1)
        connections.close_all()

    def _work(self, using: str, look: Callable[[], object]) -> None:
        with connections[using].cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        swept_at = topped_at = 0.0
        more = False
        while not self.stopping:
            busy = _route_some(using)
            if time.monotonic() - swept_at > SWEEP_EVERY:
                sweep(using=using)
                swept_at = time.monotonic()
            look()
            if more or time.monotonic() - topped_at > LOOK_EVERY:
                _, more = top_up(using=using)
                topped_at = time.monotonic()
            if not busy:
                wait_for_notification(LOOK_AGAIN if more else LOOK_EVERY, using=using)

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _route_some(using: str) -> bool:
    """A few batches, so that what is due has its turn as well. Whether there may be more."""
    return all(route(using=using) for _ in range(BATCHES))
