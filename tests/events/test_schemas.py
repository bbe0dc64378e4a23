"""What was told months ago can be read today, and what is heard is told by somebody."""

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
def made():
    """Event classes that a test makes are forgotten afterwards."""
    before = set(EVENTS)
    yield
    for name in set(EVENTS) - before:
        del EVENTS[name]


def moved(version=1, upcast=None, **fields):
    """A class BookMoved with these fields."""
    EVENTS.pop("book.moved", None)
    words = {"__annotations__": fields, "name": "book.moved", "version": version, "aggregate": "book:1"}
    if upcast:
        words["upcast"] = classmethod(upcast)
    return dataclass(frozen=True, kw_only=True)(type("BookMoved", (Event,), words))


@pytest.fixture
def committed(monkeypatch, tmp_path, made):
    """Version 1 of book.moved was committed: it had a shelf."""
    monkeypatch.setattr(schemas, "FILE", tmp_path / "schemas.json")

    def only(event):
        monkeypatch.setattr(schemas, "ours", lambda: [event])
        return event

    only(moved(shelf=int))
    schemas.write()
    return only


def faults():
    return [each.id for each in checks.shapes_stay()]


def test_the_shapes_of_all_our_events_are_committed():
    assert checks.shapes_stay() == []


def test_changing_the_fields_without_the_version_does_not_start(committed):
    committed(moved(shelf=str))

    assert faults() == ["events.E001"]


def test_words_about_the_fields_may_change(committed):
    event = committed(moved(shelf=int))
    event.__doc__ = "Somebody put a book elsewhere."

    assert faults() == []


def test_a_new_version_must_say_how_the_old_one_reads_today(committed):
    committed(moved(version=2, shelf=int, room=str))
    assert faults() == ["events.E002", "events.W003"]

    committed(moved(2, lambda cls, payload, from_version: payload | {"room": "hall"}, shelf=int, room=str))
    assert faults() == ["events.W003"]
    schemas.write()
    assert faults() == []
    assert set(schemas.committed()["book.moved"]) == {"1", "2"}


def news(version, **payload):
    return EventEnvelope(
        id=1,
        name="book.moved",
        version=version,
        aggregate="book:1",
        payload=payload,
        occurred_at=now(),
        correlation_id="",
    )


def test_an_old_payload_is_heard_in_todays_words(made):
    event = moved(
        3, lambda cls, payload, from_version: payload | {"room": f"was {from_version}"}, shelf=int, room=str
    )

    assert news(1, shelf=7).read(event) == event(shelf=7, room="was 1")
    assert news(3, shelf=7, room="hall").read(event).room == "hall"


def test_what_a_newer_release_told_waits_for_a_worker_that_knows(made):
    with pytest.raises(VersionUnknown):
        news(2, shelf=7).read(moved(shelf=int))


def test_a_payload_that_does_not_fit_is_not_heard(at_acme, listener, no_broker):
    OutboxEvent.objects.create(
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


def test_one_listener_may_hear_everything_as_it_was_told(at_acme, listener, no_broker):
    handled = []

    def write_down(news):
        handled.append(news)

    write_down.__module__ = "apps.companies.listeners"
    listens_to_all(queue="low")(write_down)
    fill(shelf=4, books=2)
    route_as_platform()

    for delivery in Delivery.objects.filter(subscriber="companies.write_down", aggregate="shelf:4"):
        deliver(delivery.pk)

    (one,) = handled
    assert (one.name, one.version, one.payload) == ("shelf.filled", 1, {"shelf": 4, "books": 2})
    assert one.correlation_id == "request-9"


def test_what_is_internal_is_not_for_everybody(monkeypatch, listener):
    def write_down(news):
        """Whatever it is."""

    write_down.__module__ = "apps.companies.listeners"
    listens_to_all()(write_down)
    every = SUBSCRIBERS["companies.write_down"]
    assert every.wants("shelf.filled")

    monkeypatch.setattr(ShelfFilled, "internal", True)

    assert not every.wants("shelf.filled")


def test_all_that_is_heard_is_told():
    assert subscribed_events_are_emitted() == []


def test_hearing_what_nobody_publishes_does_not_start(listener):
    sentences = [each.msg for each in subscribed_events_are_emitted()]

    assert f"{SUBSCRIBER} hears shelf.filled, which no installed module publishes." in sentences
    assert f"{SUBSCRIBER} hears shelf.filled, which no handler tells." in sentences


def test_the_shell_prints_every_event_with_its_schema(db):
    out = StringIO()
    call_command("events", "--json", stdout=out)
    told = {load["name"]: load for load in json.loads(out.getvalue())["events"]}

    assert told["entry.posted"]["publisher"] == "ledger"
    assert "operations.count_entry" in told["entry.posted"]["subscribers"]
    assert told["entry.posted"]["schema"]["properties"]["entry_id"]["type"] == "integer"


def test_a_name_is_not_a_must_for_what_events_have_in_common(made):
    class Shelved(Event):
        pass

    assert Shelved not in EVENTS.values()
