"""Real workers and beats, as many as a test starts."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from tests.support.processes import running
from tests.support.workload import diary

VISIBLE_AFTER = 4


class Workers:
    def __init__(self, known: dict[str, str]) -> None:
        self.environment = known
        self._started: list[AbstractContextManager[subprocess.Popen[bytes]]] = []

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        number = len(self._started)
        context = running(
            self.environment,
            *("celery", "-A", "config", "worker", "-Q", "default", "-c", "1", "-n", f"w{number}@test"),
            *("--include", "tests.support.workload,tests.support.scheduled_task", "-l", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", *more),
            without="DATABASE_OWNER_URL DATABASE_RELAY_URL",
        )
        process = context.__enter__()
        self._started.append(context)
        return process

    def start_beat(self, schedule: Path) -> None:
        context = running(
            self.environment,
            *("celery", "-A", "config", "beat", "-s", str(schedule), "--pidfile=", "--max-interval", "1"),
            without="DATABASE_OWNER_URL DATABASE_RELAY_URL",
        )
        context.__enter__()
        self._started.append(context)

    def end(self) -> None:
        for context in self._started:
            try:
                context.__exit__(None, None, None)
            except ProcessLookupError:
                continue  # the test has killed it


def has(line: str) -> bool:
    return line in diary()


def kill(process: subprocess.Popen[bytes]) -> None:
    """As the kernel does when memory ends: the worker and its children, at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
