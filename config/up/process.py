"""One process of the run: started, listened to, brought back and stopped."""

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

from .terminal import say

PR_SET_PDEATHSIG = 1
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
SETTLED_SECONDS = 30
LONGEST_WAIT = 30.0


def end_with_the_runner() -> None:
    """Even kill -9 of the runner leaves nothing behind: the kernel tells the process."""
    if PRCTL:
        PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Process:
    """A command with a name, the seconds it may take to stop, and what to try when it fails."""

    name: str
    purpose: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace: float = 5.0
    advice: str = ""

    _popen: subprocess.Popen[str] | None = field(default=None, init=False)
    _began: float = field(default=0.0, init=False)
    _wait: float = field(default=0.0, init=False)
    _again_at: float | None = field(default=None, init=False)
    _asked_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        self._began, self._again_at = time.monotonic(), None
        self._popen = subprocess.Popen(
            [*self.command],
            cwd=CHECKOUT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A session of its own: Ctrl-C reaches the runner alone, which stops all in order.
            start_new_session=True,
            preexec_fn=end_with_the_runner,
        )
        threading.Thread(target=self._listen, args=[self._popen], daemon=True).start()

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll() if self._popen else None

    def bring_back(self) -> None:
        """Start it again if it fell over, each time after a longer pause."""
        if self.running:
            return
        if self._again_at is None:
            self._end_group()
            settled = time.monotonic() - self._began > SETTLED_SECONDS
            self._wait = 1.0 if settled else min(self._wait * 2 or 1.0, LONGEST_WAIT)
            self._again_at = time.monotonic() + self._wait
            say(f"{self.name} ended with {self.exit_code}; again in {self._wait:.0f} s")
        elif time.monotonic() >= self._again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Only the leader: Celery and gunicorn stop their children themselves, tasks first."""
        self._asked_at = time.monotonic()
        if self._popen and self.running:
            self._popen.terminate()

    def stop(self, hurried: threading.Event) -> None:
        """Wait as long as it may take, then end it and whatever it left."""
        while self.running and not hurried.is_set():
            if time.monotonic() - self._asked_at > self.grace:
                say(f"{self.name} did not stop in {self.grace:.0f} s: killed")
                break
            time.sleep(0.05)
        self._end_group()

    def _end_group(self) -> None:
        if self._popen:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def _listen(self, popen: subprocess.Popen[str]) -> None:
        for line in popen.stdout or ():
            if line.strip():
                say(line, self.name)
