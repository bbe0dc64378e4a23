"""A listener that a test can make fail, and hints that are collected instead of sent."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pytest

from apps.companies.models import Company
from apps.events import SUBSCRIBERS, listens_to
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.queues import hints
from tests.support.shelf import ShelfFilled


class Listener:
    def __init__(self) -> None:
        self.fails = False
        self.fails_for: Collection[int] = frozenset()
        self.handled: list[tuple[int, str | None, str | None]] = []


@pytest.fixture
def listener() -> Iterator[Listener]:
    """The only listener: creates a company for each shelf.filled.

    It fails with `listener.fails = True`, or for some shelves with `listener.fails_for = {3}`;
    `listener.handled` lists the events that it received."""

    behaviour = Listener()

    def count_books(event: ShelfFilled) -> None:
        Company.objects.create(code=f"S{event.shelf}B{event.books}", name="effect", currency="USD")
        behaviour.handled.append((event.books, correlation_id(), causation_id()))
        if behaviour.fails or event.shelf in behaviour.fails_for:
            raise LookupError("the shelf fell down")

    count_books.__module__ = "apps.companies.listeners"
    others = dict(SUBSCRIBERS)
    SUBSCRIBERS.clear()
    listens_to(ShelfFilled)(count_books)
    yield behaviour
    SUBSCRIBERS.clear()
    SUBSCRIBERS.update(others)


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Hints are collected and not sent."""
    hinted: list[int] = []
    monkeypatch.setattr(hints, "_send_one", lambda producer, hint: hinted.append(hint.pk))
    return hinted
