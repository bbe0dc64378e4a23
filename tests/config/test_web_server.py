"""Limits of the shipped web server: slow clients occupy no thread, and oversized requests are refused."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from gunicorn.http.body import Body, LengthReader
from gunicorn.workers.gthread import ThreadWorker

from config.web.deadlines import BODY_DEADLINE_S, BODY_MIN_BYTES_PER_S, DeadlineWorker
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


class Connection:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock


def test_the_bytes_of_a_body_extend_its_deadline(monkeypatch):
    monkeypatch.setattr(ThreadWorker, "handle_request", lambda self, req, conn: None)
    worker = DeadlineWorker.__new__(DeadlineWorker)
    worker._read_until, worker._bodies = {}, {}
    reader = LengthReader(None, 20_000_000)
    client, server = socket.socketpair()
    server.setblocking(False)
    start = time.monotonic()
    worker.handle_request(SimpleNamespace(body=Body(reader)), Connection(server))

    with client, server:
        reader.length -= 100 * BODY_MIN_BYTES_PER_S
        worker.end_overdue(start + BODY_DEADLINE_S + 99)
        with pytest.raises(BlockingIOError):
            server.recv(1)
        worker.end_overdue(start + BODY_DEADLINE_S + 200)
        assert server.recv(1) == b""
    assert worker._read_until == {}


def test_a_body_of_which_nothing_arrives_has_the_same_deadline_whatever_its_length(monkeypatch):
    monkeypatch.setattr(ThreadWorker, "handle_request", lambda self, req, conn: None)
    worker = DeadlineWorker.__new__(DeadlineWorker)
    worker._read_until, worker._bodies = {}, {}
    client, server = socket.socketpair()
    start = time.monotonic()
    body = Body(LengthReader(None, 20_000_000))
    worker.handle_request(SimpleNamespace(body=body), Connection(server))

    with client, server:
        worker.end_overdue(start + BODY_DEADLINE_S + 10)
        assert server.recv(1) == b""
