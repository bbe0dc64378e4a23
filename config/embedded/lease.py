"""Processes that use the servers, by file locks: the kernel releases a lock when its process ends, even by SIGKILL."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """A shared lock, held for as long as a process needs the servers."""

    def __init__(self, folder: Path) -> None:
        self._start_lock = folder / "start.lock"
        self._lock = (folder / "lease.lock").open("a")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Serialises joining and leaving: of two cold starts, one starts the servers and the other adopts them."""
        with self._start_lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def join(self) -> bool:
        """Takes the lease; True if no other process holds it."""
        is_first = self.is_last()
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        return is_first

    def is_last(self) -> bool:
        """True if no other process holds the lease. Call within `exclusive()`: the attempt may release the own
        lease."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end(self) -> None:
        self._lock.close()
