"""A worker of gunicorn in which no client occupies a thread by sending its request slowly.

gunicorn waits without limit for the rest of a request of which a byte has arrived; a few connections that send a byte
a minute then occupy every thread ("slowloris").
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any, cast

from gunicorn.workers.gthread import _DEFER, ThreadWorker

FIRST_BYTE_WAIT_S = 0.05
"""A connection without a byte then waits outside the threads, for `keepalive` seconds."""
HEADERS_DEADLINE_S = 10.0
"""From the first byte of a request to the end of its headers."""
BODY_DEADLINE_S = 60.0
"""From the end of the headers to the end of the body, beside the time that BODY_MIN_BYTES_PER_S allows."""
BODY_MIN_BYTES_PER_S = 50_000
"""Each byte of the body that has arrived extends the deadline by its time at this rate: an upload of 20 MB on a slow
line has 460 seconds, and a client that sends nothing has no more than before."""


class DeadlineWorker(ThreadWorker):
    """After a deadline the connection reads no more: a request without its headers ends without a response, and one
    without the rest of its body is refused as incomplete. A request that has arrived is not limited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _gthread(self).__init__(*args, **kwargs)
        self._read_until: dict[Any, float] = {}
        self._bodies: dict[Any, tuple[Any, int]] = {}

    def handle(self, conn: Any) -> Any:
        if not conn.initialized and not conn.wait_for_data(FIRST_BYTE_WAIT_S):
            return _DEFER
        self._read_until[conn] = time.monotonic() + HEADERS_DEADLINE_S
        try:
            return _gthread(self).handle(conn)
        finally:
            self._read_until.pop(conn, None)
            self._bodies.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        reader = getattr(req.body, "reader", None)
        self._bodies[conn] = reader, getattr(reader, "length", 0)
        self._read_until[conn] = time.monotonic() + BODY_DEADLINE_S
        return _gthread(self).handle_request(req, conn)

    def murder_pending(self) -> None:
        """Called by the main loop at least once a second."""
        _gthread(self).murder_pending()
        self.end_overdue(time.monotonic())

    def end_overdue(self, now: float) -> None:
        """The connections whose deadline is before `now`, in seconds of the monotonic clock, read no more."""
        for conn, until in list(self._read_until.items()):
            if until + self._bytes_arrived(conn) / BODY_MIN_BYTES_PER_S < now:
                self._read_until.pop(conn, None)
                with suppress(OSError):  # the client has closed the connection
                    conn.sock.shutdown(socket.SHUT_RD)

    def _bytes_arrived(self, conn: Any) -> int:
        """Of a body with a stated length, which its reader counts down; 0 for any other one."""
        reader, length = self._bodies.get(conn, (None, 0))
        return length - int(getattr(reader, "length", length))


def _gthread(worker: DeadlineWorker) -> Any:
    """The methods of gunicorn's worker, which have no types."""
    return cast(Any, super(DeadlineWorker, worker))
