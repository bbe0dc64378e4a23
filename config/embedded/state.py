"""State of a server, shared by processes in a file."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class State:
    """Port, process and passwords of a server."""

    port: int = 0
    pid: int = 0
    born: str = ""
    prepared: bool = False
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> State:
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return cls()

    def save(self, path: Path) -> None:
        """Writes atomically, with access for the current user only, since it contains passwords."""
        unfinished = path.with_suffix(".unfinished")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file)
        unfinished.replace(path)

    def password(self, name: str) -> str:
        return self.passwords.setdefault(name, secrets.token_urlsafe(18))

    def started(self, pid: int) -> None:
        self.pid, self.born, self.prepared = pid, born(pid), False

    @property
    def alive(self) -> bool:
        """Compares the start time too, since a pid may belong to another process after a reboot."""
        return bool(self.pid) and bool(self.born) and born(self.pid) == self.born


def born(pid: int) -> str:
    """Start time of the process in the format of the system; empty if it has ended."""
    if sys.platform != "linux":
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    state, start_time = after_name[0], after_name[19]
    return "" if state == "Z" else start_time  # a zombie has ended, though it has a pid
