"""Runs Bursar in the foreground: servers, then migrations and demo tenants, then processes.

It stops them in reverse order: producers of work before workers, so that running tasks finish.
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

from apps.kernel.observability import metrics
from config import embedded
from config.env import env

from . import origin
from .plan import metrics_folder, preparations, stages
from .process import Process
from .terminal import write_line
from .welcome import welcome

EXIT_CODE_OK, EXIT_CODE_FAILED, EXIT_CODE_BUSY = 0, 1, 2
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
HEALTH_TIMEOUT_S = 120


class Runner:
    """One run, from start to stop."""

    def __init__(self) -> None:
        self.stages: list[list[Process]] = []
        self.stopping = threading.Event()
        self.hurried = threading.Event()
        self.has_own_data = has_own_data()  # before the servers fill in their addresses

    def run(self) -> int:
        for number in SIGNALS:
            signal.signal(number, self._stop)
        try:
            embedded.resolve("dev")
            write_line("PostgreSQL and Valkey are up")
            return self._serve()
        except embedded.CannotStart as reason:
            write_line(str(reason))
            return EXIT_CODE_FAILED
        finally:
            self._shut_down()

    def _serve(self) -> int:
        for process in preparations():
            if not self._finish(process):
                return EXIT_CODE_OK if self.stopping.is_set() else EXIT_CODE_FAILED
            if process.name == "migrate" and self.has_own_data:
                origin.note(embedded.home("dev"))
        metrics.clean(metrics_folder())
        self.stages = stages()
        for process in self._processes():
            process.start()
        self._supervise()
        return EXIT_CODE_OK

    def _finish(self, process: Process) -> bool:
        """Runs the process to its end; False if it failed or was interrupted."""
        began = time.monotonic()
        write_line(f"{process.purpose} ...")
        self.stages = [[process]]
        process.start()
        while process.running and not self.stopping.is_set():
            time.sleep(0.05)
        if process.running:
            return False
        if process.exit_code:
            write_line(f"{process.name} failed with exit code {process.exit_code}. {process.advice}".rstrip())
            return False
        write_line(f"{process.purpose}: done in {time.monotonic() - began:.1f} s")
        return True

    def _supervise(self) -> None:
        """Restarts ended processes and servers, and prints the addresses once the web process responds."""
        deadline = time.monotonic() + HEALTH_TIMEOUT_S
        greeted = False
        while not self.stopping.wait(0.3):
            for name in embedded.restart_dead():
                write_line(f"{name} had ended and was restarted")
            for process in self._processes():
                process.restart_if_ended()
            if not greeted and healthy():
                greeted = True
                welcome()
            elif not greeted and time.monotonic() > deadline:
                greeted = True
                write_line(f"no answer from {env().public_url}/healthz in {HEALTH_TIMEOUT_S} s")

    def _shut_down(self) -> None:
        write_line("stopping (Ctrl-C again to stop waiting)")
        for stage in self.stages:
            for process in stage:
                process.request_stop()
            for process in stage:
                process.stop(self.hurried)
        embedded.leave()
        write_line("stopped")

    def _processes(self) -> list[Process]:
        """In the order of starting, the reverse of that of stopping."""
        return [process for stage in reversed(self.stages) for process in stage]

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self.stopping.is_set():
            self.hurried.set()
        self.stopping.set()


def healthy() -> bool:
    """True if the web process responds. By address, since the name may resolve to IPv6."""
    web = HTTPConnection("127.0.0.1", env().port, timeout=2)
    try:
        web.request("GET", "/healthz", headers={"Host": "localhost"})
        return web.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        web.close()


def exclusive_lock() -> IO[str] | None:
    """The lock of a run; None if another run of this checkout holds it."""
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
    """False if DATABASE_URL names another server."""
    return env().database_url is None


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.dev"
    lock = exclusive_lock()
    if lock is None:
        write_line("Bursar is already running from this checkout: stop that run first.")
        return EXIT_CODE_BUSY
    with lock:
        if not port_is_free():
            write_line(f"Port {env().port} is taken: choose another, as in `PORT=8001 make up`.")
            return EXIT_CODE_BUSY
        if has_own_data() and (edited := origin.edited_since(embedded.home("dev"))):
            remove = f"Remove {embedded.home('dev')}; the next run creates it again."
            write_line(f"{', '.join(edited)} changed since the data was created. {remove}")
            return EXIT_CODE_FAILED
        return Runner().run()


if __name__ == "__main__":
    sys.exit(main())
