"""Data directories of the embedded servers."""

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
"""Temporary servers have their data in memory if possible: a test's database is then copied in a third of the time."""
MIN_FREE_BYTES = 4 * 2**30


def home(kind: Kind) -> Path:
    """The directory of a pair of servers, made if missing."""
    folder = home_path(kind)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def home_path(kind: Kind) -> Path:
    """The path of that directory, which may be missing."""
    return _base(kind) / kind


def _base(kind: Kind) -> Path:
    if chosen := env().bursar_home:
        return chosen.absolute()
    if kind == "test" and has_free_memory(MEMORY):
        return in_memory(0)
    if os.geteuid() != 0:
        return CHECKOUT / ".bursar"
    # Under root the servers run as another user, without access to root's directories.
    return Path("/var/lib/bursar") / _name()


def in_memory(seat: int) -> Path:
    """A directory in memory; concurrent test runs use different seats."""
    return MEMORY / f"bursar-{os.geteuid()}-{_name()}-{seat}"


def _name() -> str:
    return hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]


def has_free_memory(memory: Path) -> bool:
    return os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MIN_FREE_BYTES
