"""A real mail server, a real chat server, and recorded hints."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from pytest_httpserver import HTTPServer

from apps.kernel import clock
from apps.kernel.queues.hints import Hint
from tests.support.hints import collect_hints
from tests.support.receiver import POLL_S, Receiver


class MailServer(socketserver.ThreadingTCPServer):
    """The part of SMTP needed to receive an e-mail (RFC 5321). `refusing` maps an address to its reply."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.emails: list[tuple[str, EmailMessage]] = []
        self.refusing: dict[str, str] = {}

    @property
    def recipients(self) -> list[str]:
        return [to for to, _ in self.emails]


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._reply("220 here")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("RCPT TO"):
                address = line[line.index("<") + 1 : line.index(">")]
                reply = self.server.refusing.get(address, "250 ok")
                to += [address] if reply.startswith("250") else []
                self._reply(reply)
            elif verb == "DATA":
                self._reply("354 go on")
                message = email.message_from_bytes(self._data(), policy=email.policy.default)
                self.server.emails += [(address, message) for address in to]
                self._reply("250 taken")
            elif verb == "QUIT":
                self._reply("221 bye")
                return
            else:
                self._reply("250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _reply(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    """The mail server of the settings."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        yield server
        server.shutdown()


@pytest.fixture
def chat() -> Iterator[HTTPServer]:
    """Answers requests to /hook at 127.0.0.1."""
    with Receiver(host="127.0.0.1") as server:
        server.expect_request("/hook").respond_with_data("ok")
        yield server


@pytest.fixture(autouse=True)
def hints_sent(monkeypatch) -> list[Hint]:
    """Hints of notices, which are not sent."""
    return collect_hints(monkeypatch, "notices")


@pytest.fixture
def later():
    """`with later(hours=2):` moves the clock."""
    return lambda **by: clock.moved_to(clock.now() + dt.timedelta(**by))
