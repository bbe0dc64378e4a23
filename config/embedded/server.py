"""Base of PostgreSQL and Valkey: a running server is adopted, otherwise one is started."""

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
"""A minimal environment: a locale that is not installed stops initdb, and servers need none of our secrets."""

ATTEMPTS = 5
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


class Server(ABC):
    """One server process of a checkout. Callers hold `Lease.exclusive()`."""

    name: ClassVar[str]
    variable: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path, kind: Kind) -> None:
        self.kind = kind
        self.folder = folder / self.name
        self.program_copies = folder.parent / "programs"
        self.log = self.folder / "server.log"
        self._state_file = self.folder / "state.json"
        self.state = State()

    @abstractmethod
    def addresses(self) -> dict[str, str]:
        """Environment variables with the addresses of this server."""

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process on the port of `state`."""

    @abstractmethod
    def accepts_connections(self) -> bool:
        """True if the server accepts a connection with our password."""

    def prepare(self) -> None:
        """Prepares a started server for use."""
        return

    @property
    def alive(self) -> bool:
        return self.recorded().alive

    def recorded(self) -> State:
        """The state that processes of this server share in a file."""
        return State.load(self._state_file)

    def up(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.state = self.recorded()
        if not (self.state.alive and self.accepts_connections()):
            self._start()
        if not self.state.prepared:
            self.prepare()
            self.state.prepared = True
        self.save()

    def down(self) -> None:
        self.state = self.recorded()  # another process may have restarted it
        if self.state.alive:
            os.kill(self.state.pid, self.stop_signal)
            if not self._gone_within(STOP_TIMEOUT_S):
                os.kill(self.state.pid, signal.SIGKILL)

    def wipe(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def save(self) -> None:
        self.state.save(self._state_file)

    def _start(self) -> None:
        """Retries, since children of a killed server take seconds to end, and a free port may be taken meanwhile."""
        for _ in range(ATTEMPTS):
            self.state.port = _free_port(self.state.port)
            if self._start_once():
                return
            time.sleep(0.5)
        raise CannotStart(f"{self.name} did not start; {self.log} ends with:\n{self._end_of_log()}")

    def _start_once(self) -> bool:
        process = self.launch()
        # Wait for the process, so that it does not remain a zombie and block the next start.
        threading.Thread(target=process.wait, daemon=True).start()
        self.state.started(process.pid)
        self.save()
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.state.alive and time.monotonic() < deadline:
            if self.accepts_connections():
                return True
            time.sleep(0.02)
        return False

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.state.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.state.alive

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _free_port(preferred: int) -> int:
    """The previous port, so that open consoles continue to work, or any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CannotStart("No free port on 127.0.0.1.")
