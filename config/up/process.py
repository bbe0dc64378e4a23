"""A process of the run: start, output, restart, stop."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from config.embedded.home import CHECKOUT

from .terminal import write_line

PR_SET_PDEATHSIG = 1
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
STABLE_AFTER_S = 30
MAX_RESTART_DELAY_S = 30.0


def end_with_parent() -> None:
    """The kernel sends SIGTERM when the runner ends, even by SIGKILL."""
    if PRCTL:
        PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Process:
    """A command with a name, the seconds that it may take to stop, and advice for its failure."""

    name: str
    purpose: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace: float = 5.0
    advice: str = ""

    _popen: subprocess.Popen[str] | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _delay: float = field(default=0.0, init=False)
    _restart_at: float | None = field(default=None, init=False)
    _stop_requested_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        self._began, self._restart_at = time.monotonic(), None
        self._popen = subprocess.Popen(
            [*self.command],
            cwd=CHECKOUT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # In a session of its own, so that Ctrl-C reaches only the runner, which stops processes in order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        threading.Thread(target=self._forward_output, args=[self._popen], daemon=True).start()

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll() if self._popen else None

    def restart_if_ended(self) -> None:
        """Restarts an ended process, with increasing delay."""
        if self.running:
            return
        if self._restart_at is None:
            self._end_group()
            stable = time.monotonic() - self._began > STABLE_AFTER_S
            self._delay = 1.0 if stable else min(self._delay * 2 or 1.0, MAX_RESTART_DELAY_S)
            self._restart_at = time.monotonic() + self._delay
            write_line(f"{self.name} ended with {self.exit_code}; restarting in {self._delay:.0f} s")
        elif time.monotonic() >= self._restart_at:
            self.start()

    def request_stop(self) -> None:
        """Signals only the leader: Celery and gunicorn stop their children themselves."""
        self._stop_requested_at = time.monotonic()
        if self._popen and self.running:
            self._popen.terminate()

    def stop(self, hurried: threading.Event) -> None:
        """Waits for `grace`, then kills the process group."""
        while self.running and not hurried.is_set():
            if time.monotonic() - self._stop_requested_at > self.grace:
                write_line(f"{self.name} did not stop in {self.grace:.0f} s: killed")
                break
            time.sleep(0.05)
        self._end_group()

    def _end_group(self) -> None:
        if self._popen:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def _forward_output(self, popen: subprocess.Popen[str]) -> None:
        for line in popen.stdout or ():
            if line.strip():
                write_line(line, self.name)
