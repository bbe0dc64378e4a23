"""A mail server that really listens, a chat that really answers, and hints that are written down."""

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
from apps.notices import hints
from tests.support.receiver import POLL_S, Receiver


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP as a letter needs (RFC 5321). `refusing` maps an address to the answer that it gets."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.letters: list[tuple[str, EmailMessage]] = []
        self.refusing: dict[str, str] = {}

    @property
    def receivers(self) -> list[str]:
        return [to for to, _ in self.letters]


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say("220 here")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("RCPT TO"):
                address = line[line.index("<") + 1 : line.index(">")]
                answer = self.server.refusing.get(address, "250 ok")
                to += [address] if answer.startswith("250") else []
                self.say(answer)
            elif verb == "DATA":
                self.say("354 go on")
                letter = email.message_from_bytes(self._data(), policy=email.policy.default)
                self.server.letters += [(address, letter) for address in to]  # type: ignore[misc]
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def post(settings) -> Iterator[MailServer]:
    """The mail server that the settings name."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        yield server
        server.shutdown()


@pytest.fixture
def chat() -> Iterator[HTTPServer]:
    """Answers at 127.0.0.1."""
    with Receiver(host="127.0.0.1") as server:
        server.expect_request("/room").respond_with_data("ok")
        yield server


@pytest.fixture(autouse=True)
def hinted(monkeypatch) -> list[int]:
    """Hints are written down here and not sent."""
    sent: list[int] = []
    monkeypatch.setattr(hints, "now", sent.append)
    return sent


@pytest.fixture
def later():
    """`with later(hours=2):` the clock stands there."""
    return lambda **by: clock.moved_to(clock.now() + dt.timedelta(**by))
