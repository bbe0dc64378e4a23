"""What PostgreSQL and Valkey have in common: one is adopted if it runs, and started if not."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from .errors import CannotStart
from .home import Kind
from .state import State

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
"""Nothing of ours: a locale that is not installed stops initdb, and our secrets are not theirs."""

ATTEMPTS = 5
START_SECONDS = 60
STOP_SECONDS = 20


class Server(ABC):
    """One server process of a checkout. Everything here is done at the lease's door."""

    name: ClassVar[str]
    variable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, place: Path, kind: Kind) -> None:
        self.kind = kind
        self.place = place / self.name
        self.shelf = place.parent / "programs"
        self.log = self.place / "server.log"
        self._state_file = self.place / "state.json"
        self.state = State()

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """The variables that lead to this server."""

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]:
        """Start the process on the port that the state names."""

    @abstractmethod
    def answers(self) -> bool:
        """True if the server takes our password."""

    def prepare(self) -> None:
        """What a server needs before anybody uses it."""
        return

    @property
    def alive(self) -> bool:
        return self.recorded().alive

    def recorded(self) -> State:
        """What the processes that share it have written down of it."""
        return State.load(self._state_file)

    def up(self) -> None:
        self.place.mkdir(exist_ok=True)
        self.state = self.recorded()
        if not (self.state.alive and self.answers()):
            self._start()
        if not self.state.prepared:
            self.prepare()
            self.state.prepared = True
        self.save()

    def down(self) -> None:
        self.state = self.recorded()  # another process may have started it anew
        if self.state.alive:
            os.kill(self.state.pid, self.stop_signal)
            if not self._gone_within(STOP_SECONDS):
                os.kill(self.state.pid, signal.SIGKILL)

    def wipe(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)

    def save(self) -> None:
        self.state.save(self._state_file)

    def _start(self) -> None:
        """Several attempts: the children of a killed server take seconds to notice it is gone,
        and a port that was free a moment ago may be taken."""
        for _ in range(ATTEMPTS):
            self.state.port = _free_port(self.state.port)
            if self._start_once():
                return
            time.sleep(0.5)
        raise CannotStart(f"{self.name} did not start; {self.log} ends with:\n{self._last_words()}")

    def _start_once(self) -> bool:
        process = self.launch()
        # Somebody must wait for it: a killed server that nobody waits for blocks the next start.
        threading.Thread(target=process.wait, daemon=True).start()
        self.state.started(process.pid)
        self.save()
        deadline = time.monotonic() + START_SECONDS
        while self.state.alive and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.02)
        return False

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.state.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.state.alive

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _free_port(preferred: int) -> int:
    """The port it had before, so that an open console keeps working; else any that is free."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No port is free on 127.0.0.1.")
