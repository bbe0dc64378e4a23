"""`manage.py relay`: the process that carries committed events to the workers."""

from __future__ import annotations

import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connections

from apps.events.base import CHANNEL
from apps.events.relay import route, sweep, top_up, wait_for_news
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

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        if once:
            routed = sum(iter(route, 0))
            self.stdout.write(f"{routed} events routed, {sweep()} deliveries hinted again.")
            return
        self.stopping, self.watch = False, Watch()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._stop)
        self.stdout.write("The relay listens.")
        while not self.stopping:
            self._work_until_disconnected()
        self.stdout.write("The relay has stopped.")

    def _work_until_disconnected(self) -> None:
        try:
            self._work()
        except (OperationalError, InterfaceError) as error:
            self.stderr.write(f"The database is away, trying again: {error}")
            connections["relay"].close()
            time.sleep(1)

    def _work(self) -> None:
        with connections["relay"].cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        swept_at = topped_at = 0.0
        more = False
        while not self.stopping:
            busy = _route_some()
            if time.monotonic() - swept_at > SWEEP_EVERY:
                sweep()
                swept_at = time.monotonic()
            self.watch.look()
            if more or time.monotonic() - topped_at > LOOK_EVERY:
                _, more = top_up()
                topped_at = time.monotonic()
            if not busy:
                wait_for_news(LOOK_AGAIN if more else LOOK_EVERY)

    def _stop(self, *_: object) -> None:
        self.stopping = True


def _route_some() -> bool:
    """A few batches, so that what is due has its turn as well. Whether there may be more."""
    return all(route() for _ in range(BATCHES))
