"""Connections to validated addresses, with one deadline for everything."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from .targets import Target


@dataclass(frozen=True)
class Deadline:
    """The end of a request, `timeout_s` seconds after its start."""

    timeout_s: float
    started_at: float = field(default_factory=time.monotonic)

    @property
    def used_s(self) -> float:
        return time.monotonic() - self.started_at

    @property
    def is_over(self) -> bool:
        return self.used_s >= self.timeout_s

    def left_s(self) -> float:
        """Raises TimeoutError after the deadline."""
        left_s = self.timeout_s - self.used_s
        if left_s <= 0:
            raise TimeoutError
        return left_s


@contextmanager
def connected(
    to: Target, addresses: Sequence[str], deadline: Deadline, trust: ssl.SSLContext | None
) -> Iterator[socket.socket]:
    """A connection to the first address that accepts one. The certificate must match the name. Raises OSError."""
    opened = _opened(addresses, to.port, deadline)
    with closing(opened):
        connection = _secured(opened, to.host, trust) if to.scheme == "https" else opened
        with closing(connection), _closed_at(connection, deadline):
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            yield connection


def _opened(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """Raises the error of the last address."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=deadline.left_s())
    return socket.create_connection((last, port), timeout=deadline.left_s())


def _secured(connection: socket.socket, host: str, trust: ssl.SSLContext | None) -> ssl.SSLSocket:
    context = trust or ssl.create_default_context()
    return context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)


@contextmanager
def _closed_at(connection: socket.socket, deadline: Deadline) -> Iterator[None]:
    """Closes the connection at the deadline. A timeout of the socket would start again with each byte."""

    def hang_up() -> None:
        with suppress(OSError):  # the receiver closed it first
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline.left_s(), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
