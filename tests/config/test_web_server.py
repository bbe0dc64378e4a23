"""Limits of the shipped web server: slow clients occupy no thread, and oversized requests are refused."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.processes import eventually, responds, running


@pytest.fixture
def web(port: int) -> Iterator[tuple[str, int]]:
    """Host and port of a server with one thread and short deadlines."""
    command = ("gunicorn", "-c", "python:tests.support.slow_web", "-b", f"127.0.0.1:{port}")
    with running(dict(os.environ), *command):
        eventually(lambda: responds(f"http://127.0.0.1:{port}/"))
        yield "127.0.0.1", port


def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """The whole response to bytes after which the client sends nothing more and keeps the connection open."""
    with socket.create_connection(address) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_slow_clients_occupy_no_thread_and_oversized_requests_are_refused(web):
    headers = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    with ExitStack() as open_connections:
        for start in (b"", b"G", headers, headers.replace(b"GET", b"POST") + b"Content-Length: 9\r\n\r\nabc"):
            slow = open_connections.enter_context(socket.create_connection(web))
            slow.sendall(start)
        assert exchange(web, headers + b"\r\n").endswith(b"\r\n\r\n0")

    assert exchange(web, headers) == b""
    short = headers.replace(b"GET", b"POST") + b"Content-Length: 9\r\n\r\nabc"
    assert exchange(web, short).endswith(b"\r\n\r\n3")
    for refused, status in (
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (headers + b"X: " + b"x" * 9000 + b"\r\n\r\n", b"431"),
        (headers + b"X: y\r\n" * 70 + b"\r\n", b"431"),
        (headers + b"X: a\0b\r\n\r\n", b"400"),
        (headers.replace(b"GET", b"POST") + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", b"400"),
    ):
        assert exchange(web, refused).split(b" ")[1] == status, refused[:60]
