"""Who is still using the servers.

The kernel drops a lock when its process ends, even after kill -9, so nobody has to count.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lease:
    """A shared lock, held for as long as a process needs the servers."""

    def __init__(self, place: Path) -> None:
        self._door = place / "start.lock"
        self._lock = (place / "lease.lock").open("a")

    @contextmanager
    def door(self) -> Iterator[None]:
        """One at a time comes in or goes out: of two cold starts, one starts and one adopts."""
        with self._door.open("a") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            yield

    def join(self) -> bool:
        """Hold the lease from here on; True if nobody else does."""
        alone = self.is_last()
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        return alone

    def is_last(self) -> bool:
        """True if nobody else holds the lease. Ask at the door: asking may let go of one's own."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def end(self) -> None:
        self._lock.close()
