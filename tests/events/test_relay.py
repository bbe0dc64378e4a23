"""Concurrent relays, order, fairness and unreachable brokers. A control test shows each race without its protection."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import Celery
from django.db import connections, transaction
from kombu.exceptions import BatchPublishError, OperationalError
from redis.connection import Connection

from apps.events import backlog, relay
from apps.events.deliveries import BATCH_SIZE, deliver, deliver_on_hint
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route, sweep, top_up
from apps.kernel import clock
from apps.kernel.cache import redis_client
from apps.kernel.clock import now
from apps.kernel.queues import broker, hints
from apps.kernel.tenant import activate
from tests.support.shelf import deliveries, fill, only_delivery, route_as_platform


def publish_all(tenant, *shelves, queue=""):
    """The events of `fill`, in one statement of the owner."""
    events = [
        OutboxEvent(
            tenant_id=tenant.id,
            name="shelf.filled",
            aggregate=f"shelf:{shelf}",
            payload={"shelf": shelf, "books": books},
            occurred_at=now(),
            queue=queue,
        )
        for books, shelf in enumerate(shelves)
    ]
    return OutboxEvent.objects.using("owner").bulk_create(events)


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


# Concurrent relays


def test_four_relays_route_each_event_once_and_in_order(acme, listener, no_broker, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 7)
    events = publish_all(acme, *[number % 5 for number in range(200)])

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


def routed_beside_a_lock(events):
    """The aggregates that a second relay routes while the first has locked the earliest event."""
    with transaction.atomic(using="relay"):
        list(OutboxEvent.objects.using("relay").filter(pk=events[0].pk).select_for_update())
        in_thread(route)
        return set(deliveries().values_list("aggregate", flat=True))


def test_an_event_behind_one_locked_by_another_relay_is_not_routed(acme, listener, no_broker):
    events = publish_all(acme, 1, 1, 2)

    assert routed_beside_a_lock(events) == {"shelf:2"}

    route_as_platform()
    assert deliveries().count() == 3


def test_control_without_the_check_for_locked_events_a_later_event_is_routed(
    acme, listener, no_broker, monkeypatch
):
    monkeypatch.setattr(relay, "_in_order", lambda events, using: events)
    events = publish_all(acme, 1, 1, 2)

    assert routed_beside_a_lock(events) == {"shelf:1", "shelf:2"}


def late_commit(acme, read):
    """Calls `read` after the commit of event 2, and again after the commit of the earlier event 1."""
    with transaction.atomic(using="owner"):
        (first,) = publish_all(acme, 1)
        (second,) = in_thread(publish_all, acme, 2)
        assert first.pk < second.pk
        seen = [read()]
    return {first.pk, second.pk}, set().union(*seen, read())


def test_an_event_that_commits_late_is_routed(acme, listener, no_broker):
    def read():
        in_thread(route_as_platform)
        return set(deliveries().values_list("event_id", flat=True))

    published, seen = late_commit(acme, lambda: in_thread(read))

    assert seen == published


def test_control_a_cursor_over_ids_skips_an_event_that_commits_late(acme):
    cursor = OutboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def read():
        nonlocal cursor
        ids = list(OutboxEvent.objects.filter(pk__gt=cursor).values_list("pk", flat=True))
        cursor = max(ids, default=cursor)
        return set(ids)

    published, seen = late_commit(acme, lambda: in_thread(read))

    assert len(published - seen) == 1


# Ordering keys


def test_one_hint_delivers_a_batch_from_the_head_of_the_ordering_key(at_acme, listener, no_broker):
    with transaction.atomic():
        for books in range(1, BATCH_SIZE + 3):
            fill(shelf=1, books=books)
    route_as_platform()
    first, *_ = deliveries()
    assert no_broker == [first.pk]

    assert deliver(first.pk)
    assert [books for books, *_ in listener.handled] == list(range(1, BATCH_SIZE + 1))
    assert no_broker == [first.pk, deliveries()[BATCH_SIZE].pk]

    assert deliver(no_broker[-1])
    assert len(listener.handled) == BATCH_SIZE + 2


def test_two_workers_deliver_an_ordering_key_in_order(at_acme, listener, no_broker):
    publish_all(at_acme, *[number % 3 for number in range(30)])
    route_as_platform()
    everything = list(deliveries().values_list("pk", flat=True))

    def work(offset):
        with activate(at_acme):
            while deliveries().filter(status="pending").exists():
                for pk in everything[offset::2]:
                    deliver(pk)
        connections.close_all()

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    books = [books for books, *_ in listener.handled]
    assert sorted(books) == list(range(30))
    for shelf in range(3):
        of_shelf = [book for book in books if book % 3 == shelf]
        assert of_shelf == sorted(of_shelf)


def test_control_without_the_head_the_second_event_is_delivered_first(
    at_acme, listener, no_broker, monkeypatch
):
    from apps.events import deliveries as deliveries_module

    publish_all(at_acme, 1, 1)
    route_as_platform()
    second = deliveries()[1]
    monkeypatch.setattr(
        deliveries_module,
        "_head",
        lambda named: Delivery.objects.open().filter(pk=named.pk).select_related("event").first(),
    )

    assert deliver(second.pk)

    assert [books for books, *_ in listener.handled] == [1]


def test_a_head_in_its_backoff_is_not_retried_by_hints_for_later_deliveries(at_acme, listener, no_broker):
    publish_all(at_acme, 1, 1)
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


def test_a_delivery_behind_a_head_of_a_killed_worker_is_hinted_by_the_sweep(at_acme, listener, no_broker):
    publish_all(at_acme, 1, 1)
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


def test_a_hint_for_a_delivery_in_progress_uses_up_no_attempt(at_acme, listener, no_broker):
    fill()
    route_as_platform()
    pk = only_delivery().pk

    with transaction.atomic():
        list(Delivery.objects.filter(pk=pk).select_for_update())
        assert not in_thread(deliver_at, at_acme, pk)

    assert only_delivery().attempts == 0


def test_a_hint_during_the_backoff_uses_up_no_attempt(at_acme, listener, no_broker):
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


def test_an_event_with_a_later_due_time_is_delivered_then(at_acme, listener, no_broker):
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
    """How many of acme's 2,000 hints are sent before the only one of globex."""
    publish_all(acme, *range(2000))
    publish_all(globex, 1)
    route_as_platform()
    of_globex = deliveries().get(tenant_id=globex.id).pk
    return no_broker.index(of_globex)


def test_a_tenant_with_many_events_does_not_delay_the_hints_of_other_tenants(
    acme, globex, listener, no_broker
):
    assert ahead_of_globex(acme, globex, no_broker) <= backlog.MAX_HINTS_PER_TENANT


def test_control_without_the_hint_budget_the_other_tenant_waits(
    acme, globex, listener, no_broker, monkeypatch
):
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 10_000)

    assert ahead_of_globex(acme, globex, no_broker) > 1900  # the rest is in the same batch


def test_further_deliveries_are_hinted_as_the_budget_allows(acme, listener, no_broker, monkeypatch):
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 10)
    publish_all(acme, *range(35))
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


def test_hints_of_a_batch_alternate_between_tenants(acme, globex, listener, no_broker):
    publish_all(acme, *range(5))
    publish_all(globex, *range(5))

    route_as_platform()

    tenants = dict(deliveries().values_list("pk", "tenant_id"))
    assert [tenants[pk] for pk in no_broker] == [acme.id, globex.id] * 5


# Brokers


@pytest.mark.parametrize(
    "error", [OperationalError("gone"), BatchPublishError("response lost"), OSError("reset")]
)
def test_a_failed_hint_is_repeated_by_the_sweep(at_acme, listener, monkeypatch, error):
    def fail(producer, hint):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(hints, "_send_one", fail)
        fill()
        route_as_platform()
    assert only_delivery().status == "pending"
    assert not OutboxEvent.objects.filter(routed_at=None).exists()

    sent = []
    monkeypatch.setattr(hints, "_send_one", lambda producer, hint: sent.append(hint.pk))
    with activate(None), clock.moved_to(now() + dt.timedelta(seconds=20)):
        sweep()

    assert sent == [only_delivery().pk]


def test_routing_with_a_broker_that_refuses_connections_succeeds(at_acme, listener, monkeypatch):
    monkeypatch.setattr(broker, "current_app", NoBroker())
    fill()

    route_as_platform()

    assert only_delivery().hinted_at is not None


class NoBroker:
    """A Celery application without a reachable broker."""

    def __init__(self):
        self.app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
        self.app.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0}

    def __getattr__(self, name):
        return getattr(self.app, name)


def test_hints_lost_by_a_flushed_broker_are_repeated(at_acme, listener):
    fill()
    route_as_platform()
    assert redis_client.client().llen("default") >= 1
    redis_client.client().flushdb()

    with activate(None):
        sweep()
        assert redis_client.client().llen("default") == 0  # the hint has not timed out
        with clock.moved_to(now() + dt.timedelta(seconds=20)):
            sweep()

    assert redis_client.client().llen("default") == 1
    assert deliver(only_delivery().pk)


def test_many_hints_are_sent_in_few_round_trips(acme, listener, monkeypatch):
    """One publish per hint would take 500 round trips."""
    monkeypatch.setattr(backlog, "MAX_HINTS_PER_TENANT", 1000)
    publish_all(acme, *range(500))
    writes, send = [], Connection.send_packed_command
    monkeypatch.setattr(
        Connection,
        "send_packed_command",
        lambda self, *packed, **options: (writes.append(packed), send(self, *packed, **options))[1],
    )

    route_as_platform()

    assert 1 <= len(writes) < 100
    assert redis_client.client().llen("default") == 500


def test_a_backlog_in_one_queue_does_not_delay_another_of_the_same_subscriber(acme, listener, no_broker):
    publish_all(acme, *range(backlog.MAX_HINTS_PER_TENANT * 2))
    publish_all(acme, 999, queue="financial")
    route_as_platform()
    financial = deliveries().get(queue="financial")
    assert financial.pk in no_broker
    deliveries().filter(pk=financial.pk).update(hinted_at=None, next_at=now())
    no_broker.clear()

    with activate(None):
        top_up()

    assert no_broker == [financial.pk]
