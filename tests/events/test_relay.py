"""Several relays, order, fairness and brokers that are away. Beside each race stands the way that loses."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import Celery
from django.db import connections, transaction
from kombu.exceptions import BatchPublishError, OperationalError
from redis.connection import Connection

from apps.events import backlog, hints, relay
from apps.events.deliveries import TURN, deliver, deliver_on_hint
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route, sweep, top_up
from apps.kernel import caching, clock
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.shelf import deliveries, fill, only_delivery, route_as_platform


def told(tenant, *shelves):
    """Events as `fill` publishes them, in one statement."""
    events = [
        OutboxEvent(
            tenant_id=tenant.id,
            name="shelf.filled",
            aggregate=f"shelf:{shelf}",
            payload={"shelf": shelf, "books": books},
            occurred_at=now(),
        )
        for books, shelf in enumerate(shelves)
    ]
    return OutboxEvent.objects.bulk_create(events)


def in_thread(function, *arguments):
    """With connections of its own, which are closed at the end."""

    @activate(None)
    def run():
        try:
            return function(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(20)


# Several at once


def test_four_relays_route_each_event_once_and_in_order(acme, listener, no_broker, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 7)
    events = told(acme, *[each % 5 for each in range(200)])

    @activate(None)
    def work():
        while OutboxEvent.objects.filter(routed_at=None).exists():
            route()
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert deliveries().count() == len(events)
    for shelf in range(5):
        routed = Delivery.objects.filter(aggregate=f"shelf:{shelf}").order_by("id")
        order = list(routed.values_list("event_id", flat=True))
        assert order == sorted(order)


def with_the_first_held_elsewhere(events):
    """What a second relay routes while the first holds the earliest event and has not committed."""
    with transaction.atomic(using="relay"):
        list(OutboxEvent.objects.using("relay").filter(pk=events[0].pk).select_for_update())
        in_thread(route)
        return set(deliveries().values_list("aggregate", flat=True))


def test_what_another_relay_holds_is_not_overtaken(acme, listener, no_broker):
    events = told(acme, 1, 1, 2)

    assert with_the_first_held_elsewhere(events) == {"shelf:2"}

    route_as_platform()
    assert deliveries().count() == 3


def test_control_without_looking_elsewhere_it_would_be(acme, listener, no_broker, monkeypatch):
    monkeypatch.setattr(relay, "_in_order", lambda events, using: events)
    events = told(acme, 1, 1, 2)

    assert with_the_first_held_elsewhere(events) == {"shelf:1", "shelf:2"}


def late_commit(acme, look):
    """Event 1 is written, event 2 is written and committed, `look` looks, event 1 is committed, `look` looks."""
    with transaction.atomic():
        (first,) = told(acme, 1)
        (second,) = in_thread(told, acme, 2)
        assert first.pk < second.pk
        seen = [look()]
    return {first.pk, second.pk}, set().union(*seen, look())


def test_what_commits_late_is_routed_all_the_same(acme, listener, no_broker):
    def look():
        in_thread(route_as_platform)
        return set(deliveries().values_list("event_id", flat=True))

    told_, seen = late_commit(acme, lambda: in_thread(look))

    assert seen == told_


def test_control_a_cursor_over_ids_loses_what_commits_late(acme):
    cursor = OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def look():
        nonlocal cursor
        ids = list(OutboxEvent.objects.filter(pk__gt=cursor).values_list("pk", flat=True))
        cursor = max(ids, default=cursor)
        return set(ids)

    told_, seen = late_commit(acme, lambda: in_thread(look))

    assert len(told_ - seen) == 1


# Lines


def test_only_the_head_is_hinted_and_whoever_hears_it_goes_on(at_acme, listener, no_broker):
    with transaction.atomic():
        for books in range(1, TURN + 3):
            fill(shelf=1, books=books)
    route_as_platform()
    first, *_ = deliveries()
    assert no_broker == [first.pk]

    assert deliver(first.pk)
    assert [books for books, *_ in listener.handled] == list(range(1, TURN + 1))
    assert no_broker == [first.pk, deliveries()[TURN].pk]

    assert deliver(no_broker[-1])
    assert len(listener.handled) == TURN + 2


def test_two_workers_hear_a_line_in_order(at_acme, listener, no_broker):
    told(at_acme, *[each % 3 for each in range(30)])
    route_as_platform()
    everything = list(deliveries().values_list("pk", flat=True))

    def work(offset):
        with activate(at_acme):
            while deliveries().filter(status="pending").exists():
                for pk in everything[offset::2]:
                    deliver(pk)
        connections.close_all()

    threads = [threading.Thread(target=work, args=(each,)) for each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    books = [books for books, *_ in listener.handled]
    assert sorted(books) == list(range(30))
    for shelf in range(3):
        of_shelf = [book for book in books if book % 3 == shelf]
        assert of_shelf == sorted(of_shelf)


def test_control_without_the_line_the_second_is_heard_first(at_acme, listener, no_broker, monkeypatch):
    from apps.events import deliveries as hearing

    told(at_acme, 1, 1)
    route_as_platform()
    second = deliveries()[1]
    monkeypatch.setattr(
        hearing,
        "_head",
        lambda named: Delivery.objects.open().filter(pk=named.pk).select_related("event").first(),
    )

    assert deliver(second.pk)

    assert [books for books, *_ in listener.handled] == [1]


def test_a_head_that_rests_is_not_tried_for_those_behind_it(at_acme, listener, no_broker):
    told(at_acme, 1, 1)
    route_as_platform()
    first, second = deliveries()
    listener.fails = True
    assert not deliver(first.pk)

    for _ in range(5):
        assert not deliver(second.pk)

    first.refresh_from_db()
    assert first.attempts == 1
    listener.fails = False
    with activate(None), clock.moved_to(now() + dt.timedelta(minutes=1)):
        sweep()
    assert no_broker[-1] == first.pk
    assert deliver(first.pk)
    assert len(deliveries().filter(status="done")) == 2


def test_who_waits_at_a_head_that_was_left_alone_is_found_by_the_sweep(at_acme, listener, no_broker):
    told(at_acme, 1, 1)
    route_as_platform()
    first, second = deliveries()
    deliveries().filter(pk=first.pk).update(status="done")  # and its worker was killed here
    no_broker.clear()

    with activate(None):
        sweep()

    assert no_broker == [second.pk]


def test_a_repeated_hint_has_no_effect(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    pk = only_delivery().pk

    assert [deliver(pk) for _ in range(4)] == [True] * 4

    assert len(listener.handled) == 1
    assert only_delivery().attempts == 1


def test_a_hint_for_what_is_being_heard_uses_up_no_attempt(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    pk = only_delivery().pk

    with transaction.atomic():
        list(Delivery.objects.filter(pk=pk).select_for_update())
        assert not in_thread(deliver_at, at_acme, pk)

    assert only_delivery().attempts == 0


def test_a_message_that_comes_back_too_early_uses_up_no_attempt(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    listener.fails = True
    assert not deliver_on_hint(only_delivery().pk)

    for _ in range(5):
        assert not deliver_on_hint(only_delivery().pk)

    assert only_delivery().attempts == 1
    listener.fails = False
    with clock.moved_to(now() + dt.timedelta(seconds=2)):
        assert deliver_on_hint(only_delivery().pk)


def deliver_at(tenant, pk):
    with activate(tenant):
        return deliver(pk)


def test_what_is_told_for_later_is_heard_later(at_acme, listener, no_broker):
    fill(after=dt.timedelta(hours=1))
    route_as_platform()
    with activate(None):
        sweep()
    assert no_broker == []
    assert not deliver(only_delivery().pk)

    with clock.moved_to(now() + dt.timedelta(hours=2)):
        with activate(None):
            top_up()
        assert no_broker == [only_delivery().pk]
        assert deliver(only_delivery().pk)


# Fairness


def ahead_of_globex(acme, globex, no_broker):
    """How many hints of acme's 2,000 stand before globex's only one."""
    told(acme, *range(2000))
    told(globex, 1)
    route_as_platform()
    of_globex = deliveries().get(tenant_id=globex.id).pk
    return no_broker.index(of_globex)


def test_a_tenant_that_floods_is_not_far_ahead_of_the_others(acme, globex, listener, no_broker):
    assert ahead_of_globex(acme, globex, no_broker) <= backlog.MAX_HINTS_PER_TENANT


def test_control_without_the_cap_it_is(acme, globex, listener, no_broker, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 10_000)

    assert ahead_of_globex(acme, globex, no_broker) > 1900  # some, of the last batch, stand behind it


def test_the_rest_is_hinted_as_there_is_room_again(acme, listener, no_broker, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 10)
    told(acme, *range(35))
    route_as_platform()
    assert len(no_broker) == 10

    with activate(None):
        assert top_up() == (0, True)
    for pk in no_broker[:4]:
        deliver_at(acme, pk)
    with activate(None):
        assert top_up() == (4, True)
    while pending := deliveries().hinted().values_list("pk", flat=True):
        for pk in list(pending):
            deliver_at(acme, pk)
        with activate(None):
            top_up()

    assert len(listener.handled) == 35
    assert len(no_broker) == 35


def test_tenants_take_turns_within_a_batch(acme, globex, listener, no_broker):
    told(acme, *range(5))
    told(globex, *range(5))

    route_as_platform()

    tenants = dict(deliveries().values_list("pk", "tenant_id"))
    assert [tenants[pk] for pk in no_broker] == [acme.id, globex.id] * 5


# Brokers


@pytest.mark.parametrize(
    "error", [OperationalError("gone"), BatchPublishError("who knows"), OSError("reset")]
)
def test_a_broker_that_is_away_loses_nothing(at_acme, listener, monkeypatch, error):
    def fail(producer, hint):
        raise error

    with monkeypatch.context() as away:
        away.setattr(hints, "_send_one", fail)
        fill()
        route_as_platform()
    assert only_delivery().status == "pending"
    assert not OutboxEvent.objects.filter(routed_at=None).exists()

    sent = []
    monkeypatch.setattr(hints, "_send_one", lambda producer, hint: sent.append(hint.delivery_id))
    with activate(None), clock.moved_to(now() + dt.timedelta(seconds=20)):
        sweep()

    assert sent == [only_delivery().pk]


def test_a_broker_that_refuses_connections_loses_nothing(at_acme, listener, monkeypatch):
    monkeypatch.setattr(hints, "current_app", NoBroker())
    fill()

    route_as_platform()

    assert only_delivery().hinted_at is not None


class NoBroker:
    """A Celery application whose broker does not answer."""

    def __init__(self):
        self.app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
        self.app.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0}

    def __getattr__(self, name):
        return getattr(self.app, name)


def test_a_flushed_broker_loses_nothing(at_acme, listener):
    fill()
    route_as_platform()
    assert caching._client().llen("default") >= 1
    caching._client().flushdb()

    with activate(None):
        sweep()
        assert caching._client().llen("default") == 0  # the hint may still be answered
        with clock.moved_to(now() + dt.timedelta(seconds=20)):
            sweep()

    assert caching._client().llen("default") == 1
    assert deliver(only_delivery().pk)


def test_many_hints_are_one_conversation(acme, listener, monkeypatch):
    """One publish each would take 500 round trips."""
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 1000)
    told(acme, *range(500))
    writes, send = [], Connection.send_packed_command
    monkeypatch.setattr(
        Connection,
        "send_packed_command",
        lambda self, *packed, **options: (writes.append(packed), send(self, *packed, **options))[1],
    )

    route_as_platform()

    assert 1 <= len(writes) < 100
    assert caching._client().llen("default") == 500
