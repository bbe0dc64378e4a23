"""Where the embedded servers keep their data."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Literal

from config.env import env

Kind = Literal["dev", "test"]

CHECKOUT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made in it
"""Throw-away servers live in memory where there is any: a test's own database is copied in a third of the time."""
ROOM = 4 * 2**30


def home(kind: Kind) -> Path:
    """The directory of one pair of servers, made if it is missing."""
    made = place(kind)
    made.mkdir(parents=True, exist_ok=True)
    return made


def place(kind: Kind) -> Path:
    """Where that directory is, or would be."""
    return _base(kind) / kind


def _base(kind: Kind) -> Path:
    if chosen := env().bursar_home:
        return chosen.absolute()
    if kind == "test" and has_room(MEMORY):
        return in_memory(0)
    if os.geteuid() != 0:
        return CHECKOUT / ".bursar"
    # PostgreSQL refuses to run as root, and the user it runs as may not enter root's directories.
    return Path("/var/lib/bursar") / _name()


def in_memory(seat: int) -> Path:
    """A home in memory; each of several test runs at once takes a seat of its own."""
    return MEMORY / f"bursar-{os.geteuid()}-{_name()}-{seat}"


def _name() -> str:
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]


def has_room(memory: Path) -> bool:
    return os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
