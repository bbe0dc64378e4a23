"""An HTTP receiver, an endpoint with its URL, and messages for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_httpserver import HTTPServer

from apps.bus import dispatch
from apps.events import EventEnvelope
from apps.identity.models import User
from apps.kernel import clock
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.queues.hints import Hint
from apps.kernel.tenant import TenantInfo
from apps.webhooks import listeners
from apps.webhooks.commands import RegisterEndpoint
from apps.webhooks.models import Endpoint, Message
from tests.support.hints import collect_hints


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[Hint]:
    """Hints are collected and not sent."""
    return collect_hints(monkeypatch, "webhooks")


POLL_S = 0.01
"""How often the server's thread checks for a stop. The default of 0.5 s was most of a test's time."""


class Receiver(HTTPServer):
    """pytest-httpserver's server, stopped without a wait."""

    def thread_target(self) -> None:
        assert self.server is not None
        self.server.serve_forever(poll_interval=POLL_S)


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """A server at 127.0.0.1."""
    with Receiver(host="127.0.0.1") as server:
        yield server


@pytest.fixture
def endpoint(at_acme: TenantInfo, owner: User, receiver: HTTPServer, hinted: object) -> Endpoint:
    """An endpoint of acme with the URL of the receiver; its secret is in `new_secret`."""
    registered: Endpoint = dispatch(RegisterEndpoint(url=receiver.url_for("/hook")), actor=owner)
    return registered


def envelope(number: int = 1, name: str = "entry.posted", **payload: object) -> EventEnvelope:
    return EventEnvelope(
        id=number,
        name=name,
        version=1,
        aggregate="entry:7",
        payload=payload or {"entry_id": 7},
        occurred_at=clock.now(),
        correlation_id="request-7",
    )


@pytest.fixture
def publish_to(endpoint: Endpoint) -> Callable[..., Message]:
    """Publishes an event. Returns the message to the endpoint."""

    def publish(number: int = 1, name: str = "entry.posted", **payload: object) -> Message:
        with correlated("request-7"), unit_of_work():
            listeners.notify_endpoints(envelope(number, name, **payload))
        return Message.objects.get(endpoint=endpoint, event_id=number)

    return publish
