"""Brings Bursar up in the foreground, and takes it down in order.

The servers come first, then the schemas and the demo tenants, then the processes. Down goes the
other way: what makes work before what does it, so that every task that began is finished.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from types import FrameType
from typing import IO

from apps.kernel import metrics
from config import embedded
from config.env import env

from . import origin
from .plan import metrics_folder, preparations, stages
from .process import Process
from .terminal import say
from .welcome import welcome

DONE, FAILED, BUSY = 0, 1, 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEALTHY_SECONDS = 120


class Runner:
    """One run, from the first server to the last."""

    def __init__(self) -> None:
        self.stages: list[list[Process]] = []
        self.stopping = threading.Event()
        self.hurried = threading.Event()
        self.has_own_data = has_own_data()  # before the servers fill in their addresses

    def run(self) -> int:
        for each in SIGNALS:
            signal.signal(each, self._stop)
        try:
            embedded.resolve("dev")
            say("PostgreSQL and Valkey are up")
            return self._serve()
        except embedded.CannotStart as reason:
            say(str(reason))
            return FAILED
        finally:
            self._take_down()

    def _serve(self) -> int:
        for process in preparations():
            if not self._finish(process):
                return DONE if self.stopping.is_set() else FAILED
            if process.name == "migrate" and self.has_own_data:
                origin.note(embedded.home("dev"))
        metrics.clean(metrics_folder())
        self.stages = stages()
        for process in self._processes():
            process.start()
        self._watch()
        return DONE

    def _finish(self, process: Process) -> bool:
        """Run it to its end; False if it failed or Ctrl-C came first."""
        began = time.monotonic()
        say(f"{process.purpose} ...")
        self.stages = [[process]]
        process.start()
        while process.running and not self.stopping.is_set():
            time.sleep(0.05)
        if process.running:
            return False
        if process.exit_code:
            say(f"{process.name} failed with exit code {process.exit_code}. {process.advice}".rstrip())
            return False
        say(f"{process.purpose}: done in {time.monotonic() - began:.1f} s")
        return True

    def _watch(self) -> None:
        """Bring back what falls over, and say when the web answers."""
        patience = time.monotonic() + HEALTHY_SECONDS
        greeted = False
        while not self.stopping.wait(0.3):
            for name in embedded.bring_back():
                say(f"{name} had ended, and is up again")
            for process in self._processes():
                process.bring_back()
            if not greeted and healthy():
                greeted = True
                welcome()
            elif not greeted and time.monotonic() > patience:
                greeted = True
                say(f"no answer from {env().public_url}/healthz in {HEALTHY_SECONDS} s")

    def _take_down(self) -> None:
        say("stopping (Ctrl-C again to stop waiting)")
        for stage in self.stages:
            for process in stage:
                process.ask_to_stop()
            for process in stage:
                process.stop(self.hurried)
        embedded.leave()
        say("stopped")

    def _processes(self) -> list[Process]:
        """In the order of starting, which is the order of stopping turned round."""
        return [process for stage in reversed(self.stages) for process in stage]

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self.stopping.is_set():
            self.hurried.set()
        self.stopping.set()


def healthy() -> bool:
    """True if the web process answers. Asked by number: the name may also mean IPv6."""
    web = HTTPConnection("127.0.0.1", env().port, timeout=2)
    try:
        web.request("GET", "/healthz", headers={"Host": "localhost"})
        return web.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        web.close()


def alone() -> IO[str] | None:
    """The lock that one run of a checkout holds; nothing if another run holds it."""
    lock = (embedded.home("dev") / "up.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", env().port))
        except OSError:
            return False
    return True


def has_own_data() -> bool:
    """False where DATABASE_URL names a server that is not this checkout's."""
    return env().database_url is None


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    lock = alone()
    if lock is None:
        say("Bursar is already up from this checkout: stop that one first.")
        return BUSY
    with lock:
        if not port_is_free():
            say(f"Port {env().port} is taken: choose another, as in `PORT=8001 make up`.")
            return BUSY
        if has_own_data() and (edited := origin.edited_since(embedded.home("dev"))):
            remove = f"Remove {embedded.home('dev')}; the next run makes it anew."
            say(f"{', '.join(edited)} changed since the data was made. {remove}")
            return FAILED
        return Runner().run()


if __name__ == "__main__":
    sys.exit(main())
