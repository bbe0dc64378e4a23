"""Paused subscribers: no delivery is lost, no attempt is used up, and other subscribers are unaffected."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from apps.events import SUBSCRIBERS, breakers, listens_to, publish
from apps.events.breakers import MAX_FAILURES, PAUSE
from apps.events.deliveries import BACKOFF, deliver
from apps.events.models import Breaker, Delivery
from apps.events.relay import sweep, top_up
from apps.kernel import clock
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.shelf import (
    OFF,
    SUBSCRIBER,
    ShelfFilled,
    deliveries,
    fill,
    only_delivery,
    route_as_platform,
)


@pytest.fixture
def other():
    """A second listener of the same event, without failures."""
    handled = []

    def dust_shelf(event):
        handled.append(event.shelf)

    dust_shelf.__module__ = "apps.periods.listeners"
    listens_to(ShelfFilled)(dust_shelf)
    yield handled
    del SUBSCRIBERS["periods.dust_shelf"]


@pytest.fixture
def paused(at_acme, listener, no_broker):
    """A delivery of an eleventh shelf, after ten failures in a row with other shelves."""
    for shelf in range(MAX_FAILURES + 1):
        fill(shelf=shelf)
    route_as_platform()
    listener.fails = True
    for delivery in deliveries()[:MAX_FAILURES]:
        deliver(delivery.pk)
    listener.handled.clear()
    no_broker.clear()
    return deliveries().last()


def test_one_poison_message_alone_pauses_no_subscriber():
    assert BACKOFF.max_attempts < MAX_FAILURES


def test_a_paused_subscriber_uses_up_no_attempts(paused, listener, no_broker):
    for _ in range(3):
        assert not deliver(paused.pk)

    paused.refresh_from_db()
    assert (paused.status, paused.attempts) == ("pending", 0)
    assert listener.handled == []
    with activate(None):
        sweep()
    assert no_broker == []
    assert Breaker.objects.get().failures == MAX_FAILURES
    assert "the shelf fell down" in Breaker.objects.get().last_error


def test_a_successful_trial_after_the_pause_closes_the_breaker(paused, listener, no_broker):
    listener.fails = False
    with clock.moved_to(now() + PAUSE * 1.1):
        with activate(None):
            sweep()
        assert paused.pk in no_broker

        assert deliver(paused.pk)

        assert Breaker.objects.get().failures == 0
        assert breakers.may_deliver(paused)


def test_a_second_worker_does_not_run_the_trial(paused):
    with clock.moved_to(now() + PAUSE * 1.1):
        assert breakers.may_deliver(paused)
        assert not breakers.may_deliver(paused)


def test_a_blocked_delivery_does_not_use_up_the_trial(paused, listener):
    fill(shelf=0, books=9)
    route_as_platform()
    with clock.moved_to(now() + PAUSE * 1.1):
        deliveries().filter(attempts=1).update(next_at=now() + PAUSE, hinted_at=None)

        assert not deliver(deliveries().last().pk)

        listener.fails = False
        assert deliver(paused.pk)


def test_a_failed_trial_doubles_the_pause(paused):
    before = Breaker.objects.get().open_until - now()
    with clock.moved_to(now() + PAUSE * 1.1):
        assert not deliver(paused.pk)

        assert Breaker.objects.get().open_until - now() > before * 1.5


def test_a_success_between_failures_resets_the_breaker(at_acme, listener, no_broker):
    listener.fails_for = set(range(30)) - {5, 12, 19, 26}
    for shelf in range(30):
        fill(shelf=shelf)
    route_as_platform()

    for delivery in deliveries():
        deliver(delivery.pk)

    assert Breaker.objects.get().open_until is None
    assert not deliveries().filter(attempts=0).exists()


def test_other_subscribers_receive_events_meanwhile(paused, other, at_acme):
    fill(shelf=50)
    route_as_platform()

    assert deliver(Delivery.objects.get(subscriber="periods.dust_shelf").pk)

    assert other == [50]


@pytest.fixture
def gated(settings):
    settings.SUBSCRIBER_GATE = "tests.support.shelf.gate"
    yield OFF
    OFF.clear()


def test_the_deliveries_of_a_disabled_module_are_paused(gated, at_acme, listener, other, no_broker):
    gated.add("companies")
    fill()
    route_as_platform()
    other_delivery = Delivery.objects.get(subscriber="periods.dust_shelf")
    assert no_broker == [other_delivery.pk]
    assert deliver(other_delivery.pk)

    assert not deliver(only_delivery().pk)
    with activate(None):
        sweep()
    assert (only_delivery().status, only_delivery().attempts) == ("pending", 0)
    assert no_broker == [other_delivery.pk]

    gated.clear()
    with activate(None):
        top_up()
    assert no_broker[-1] == only_delivery().pk
    assert deliver(only_delivery().pk)


def test_a_hint_sent_before_its_module_was_disabled_is_cleared(gated, at_acme, listener, no_broker):
    fill()
    route_as_platform()
    gated.add("companies")

    assert not deliver(only_delivery().pk)

    assert (only_delivery().hinted_at, only_delivery().attempts) == (None, 0)


def test_the_deliveries_of_a_module_that_is_not_installed_stay_pending(at_acme, listener, other, no_broker):
    fill()
    route_as_platform()
    gone = SUBSCRIBERS.pop(SUBSCRIBER)
    try:
        with activate(None), clock.moved_to(now() + dt.timedelta(minutes=1)):
            sweep()
        assert not deliver(only_delivery().pk)
        assert only_delivery().status == "pending"
    finally:
        SUBSCRIBERS[SUBSCRIBER] = gone

    with activate(None):
        sweep()
    assert deliver(only_delivery().pk)


def test_the_subscriber_gate_reads_the_module_registry(settings):
    from apps.modules.registry import app_is_on

    assert app_is_on("companies")
    assert not app_is_on("no_such_app")


def test_failures_in_one_queue_do_not_pause_another(paused, listener, no_broker):
    listener.fails = False
    with transaction.atomic():
        publish(ShelfFilled(shelf=99, books=1), queue="financial")
    route_as_platform()

    financial = deliveries().get(queue="financial")
    assert no_broker == [financial.pk]
    assert deliver(financial.pk)
    assert not deliver(paused.pk)
