"""A small event of the test suite, and functions that publish and deliver it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from apps.events import Event, publish
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.kernel.correlation import correlated
from apps.kernel.tenant import TenantInfo, activate

SUBSCRIBER = "companies.count_books"


@dataclass(frozen=True, kw_only=True)
class ShelfFilled(Event):
    name = "shelf.filled"

    shelf: int
    books: int

    @property
    def aggregate(self) -> str:
        return f"shelf:{self.shelf}"


def fill(shelf: int = 1, books: int = 1, after: dt.timedelta | None = None) -> None:
    with correlated("request-9"), transaction.atomic():
        publish(ShelfFilled(shelf=shelf, books=books), after=after)


def deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.filter(subscriber=SUBSCRIBER).order_by("event_id")


def only_delivery() -> Delivery:
    return deliveries().get()


def route_as_platform() -> None:
    with activate(None):
        while route():
            pass


def deliver_in(tenant: TenantInfo) -> None:
    with activate(tenant):
        assert deliver(only_delivery().pk)


OFF: set[str] = set()


def gate(app: str) -> bool:
    """A SUBSCRIBER_GATE that a test can close: `OFF.add("companies")`."""
    return app not in OFF
