"""Old events can be read by the current code, and each subscribed event is emitted by a module."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import call_command

from apps.events import EVENTS, SUBSCRIBERS, Event, checks, listens_to_all, schemas
from apps.events.base import EventEnvelope, VersionUnknown
from apps.events.deliveries import deliver
from apps.events.models import Delivery, OutboxEvent
from apps.kernel.clock import now
from apps.modules.checks import subscribed_events_are_emitted
from tests.support.shelf import SUBSCRIBER, ShelfFilled, fill, only_delivery, route_as_platform


@pytest.fixture
def forget_events():
    """Event classes of a test are unregistered afterwards."""
    before = set(EVENTS)
    yield
    for name in set(EVENTS) - before:
        del EVENTS[name]


def moved(version=1, upcast=None, **fields):
    """An event class BookMoved with these fields."""
    EVENTS.pop("book.moved", None)
    namespace = {"__annotations__": fields, "name": "book.moved", "version": version, "aggregate": "book:1"}
    if upcast:
        namespace["upcast"] = classmethod(upcast)
    return dataclass(frozen=True, kw_only=True)(type("BookMoved", (Event,), namespace))


@pytest.fixture
def committed(monkeypatch, tmp_path, forget_events):
    """Version 1 of book.moved is committed with a shelf."""
    monkeypatch.setattr(schemas, "FILE", tmp_path / "schemas.json")

    def only(event):
        monkeypatch.setattr(schemas, "app_events", lambda: [event])
        return event

    only(moved(shelf=int))
    schemas.write()
    return only


def error_ids():
    return [message.id for message in checks.event_schemas_must_match()]


def test_the_schemas_of_all_events_are_committed():
    assert checks.event_schemas_must_match() == []


def test_a_change_of_fields_without_a_new_version_is_refused(committed):
    committed(moved(shelf=str))

    assert error_ids() == ["events.E001"]


def test_a_change_of_docstrings_is_allowed(committed):
    event = committed(moved(shelf=int))
    event.__doc__ = "A book was moved."

    assert error_ids() == []


def test_a_new_version_without_an_upcast_is_refused(committed):
    committed(moved(version=2, shelf=int, aisle=str))
    assert error_ids() == ["events.E002", "events.W003"]

    committed(moved(2, lambda cls, payload, from_version: payload | {"aisle": "hall"}, shelf=int, aisle=str))
    assert error_ids() == ["events.W003"]
    schemas.write()
    assert error_ids() == []
    assert set(schemas.committed()["book.moved"]) == {"1", "2"}


def envelope(version, **payload):
    return EventEnvelope(
        id=1,
        name="book.moved",
        version=version,
        aggregate="book:1",
        payload=payload,
        occurred_at=now(),
        correlation_id="",
    )


def test_an_old_payload_is_read_in_the_current_version(forget_events):
    event = moved(
        3, lambda cls, payload, from_version: payload | {"aisle": f"was {from_version}"}, shelf=int, aisle=str
    )

    assert envelope(1, shelf=7).read(event) == event(shelf=7, aisle="was 1")
    assert envelope(3, shelf=7, aisle="hall").read(event).aisle == "hall"


def test_an_event_of_a_newer_version_is_refused(forget_events):
    with pytest.raises(VersionUnknown):
        envelope(2, shelf=7).read(moved(shelf=int))


def test_an_invalid_payload_is_not_delivered(at_acme, listener, no_broker):
    OutboxEvent.objects.using("owner").create(
        tenant_id=at_acme.id,
        name="shelf.filled",
        aggregate="shelf:1",
        payload={"shelf": "the upper one", "books": 3},
        occurred_at=now(),
    )
    route_as_platform()

    assert not deliver(only_delivery().pk)

    assert listener.handled == []
    assert "shelf" in only_delivery().last_error


def test_a_listener_of_all_events_receives_raw_payloads(at_acme, listener, no_broker):
    handled = []

    def write_down(envelope):
        handled.append(envelope)

    write_down.__module__ = "apps.companies.listeners"
    listens_to_all(queue="low")(write_down)
    fill(shelf=4, books=2)
    route_as_platform()

    for delivery in Delivery.objects.filter(subscriber="companies.write_down", aggregate="shelf:4"):
        deliver(delivery.pk)

    (one,) = handled
    assert (one.name, one.version, one.payload) == ("shelf.filled", 1, {"shelf": 4, "books": 2})
    assert one.correlation_id == "request-9"


def test_an_internal_event_is_not_delivered_to_listeners_of_all_events(monkeypatch, listener):
    def write_down(envelope):
        """Ignores the event."""

    write_down.__module__ = "apps.companies.listeners"
    listens_to_all()(write_down)
    subscriber = SUBSCRIBERS["companies.write_down"]
    assert subscriber.matches("shelf.filled")

    monkeypatch.setattr(ShelfFilled, "internal", True)

    assert not subscriber.matches("shelf.filled")


def test_every_subscribed_event_is_emitted():
    assert subscribed_events_are_emitted() == []


def test_a_subscription_to_an_event_that_no_module_emits_is_refused(listener):
    sentences = [message.msg for message in subscribed_events_are_emitted()]

    assert f"{SUBSCRIBER} subscribes to shelf.filled, published by no installed module." in sentences
    assert f"{SUBSCRIBER} subscribes to shelf.filled, emitted by no handler." in sentences


def test_the_shell_prints_every_event_with_its_schema(db):
    out = StringIO()
    call_command("events", "--json", stdout=out)
    events = {event["name"]: event for event in json.loads(out.getvalue())["events"]}

    assert events["entry.posted"]["publisher"] == "ledger"
    assert "operations.count_entry" in events["entry.posted"]["subscribers"]
    assert events["entry.posted"]["schema"]["properties"]["entry_id"]["type"] == "integer"


def test_a_base_class_of_events_needs_no_name(forget_events):
    class Shelved(Event):
        pass

    assert Shelved not in EVENTS.values()
