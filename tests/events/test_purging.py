"""Old events are deleted after all deliveries are settled."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError

from apps.events import purging, tasks
from apps.events.deliveries import deliver
from apps.events.models import Delivery, OutboxEvent
from apps.events.purging import purge
from apps.kernel import clock
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.shelf import deliveries, fill, only_delivery, route_as_platform

LONG_AGO = dt.timedelta(days=100)


@pytest.fixture
def old(at_acme, listener, no_broker):
    """Three events of a hundred days ago: delivered, dead, dropped; and a delivered one of today."""
    with clock.moved_to(now() - LONG_AGO):
        for shelf in (1, 2, 3):
            fill(shelf=shelf)
    fill(shelf=4)
    route_as_platform()
    first, second, third, today = deliveries()
    assert deliver(first.pk)
    assert deliver(today.pk)
    Delivery.objects.filter(pk=second.pk).update(status="dead")
    Delivery.objects.filter(pk=third.pk).update(status="dropped")
    return [first, second, third, today]


def shelves():
    return sorted(OutboxEvent.objects.filter(name="shelf.filled").values_list("aggregate", flat=True))


def test_old_settled_events_are_deleted_with_their_deliveries(old):
    with activate(None):
        assert purge(before=now() - dt.timedelta(days=90)) == 2

    assert shelves() == ["shelf:2", "shelf:4"]
    assert deliveries().count() == 2


def test_an_unrouted_event_is_retained(at_acme, listener):
    with clock.moved_to(now() - LONG_AGO):
        fill()

    with activate(None):
        purge(before=now() - dt.timedelta(days=90))

    assert shelves() == ["shelf:1"]


def test_old_events_are_deleted_in_batches(old, monkeypatch):
    monkeypatch.setattr(purging, "BATCH_SIZE", 1)

    with activate(None):
        assert purge(before=now() - dt.timedelta(days=90)) == 2


def test_the_setting_defines_the_retention(old, settings):
    settings.EVENT_RETENTION = dt.timedelta(days=200)
    with activate(None):
        tasks.purge_events.run()
    assert len(shelves()) == 4

    settings.EVENT_RETENTION = dt.timedelta(days=90)
    with activate(None):
        tasks.purge_events.run()
    assert len(shelves()) == 2


def test_deleting_events_of_today_is_refused_by_the_database(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    deliver(only_delivery().pk)

    with activate(None), pytest.raises(DatabaseError, match="retained for at least a day"):
        purge(before=now())
