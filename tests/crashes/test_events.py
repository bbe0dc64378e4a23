"""Events: after a crash at any statement between commit and listener, an event is neither lost nor doubled."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.bus.sending import dispatch_async
from apps.events import deliveries
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from tests.support.books import sale
from tests.support.failpoints import MAX_STRIDE, crash_everywhere
from tests.support.settling import settle
from tests.support.unlimited_retries import UNLIMITED_BACKOFF

CLERK = System("clerk")
SALES = 3


@pytest.fixture
def unlimited_retries(monkeypatch):
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)


def send_sales():
    for number in range(SALES):
        dispatch_async(sale(), actor=CLERK, key=f"sale {number}")


def committed_rows():
    done = Delivery.objects.filter(status="done").count()
    return OutboxEvent.objects.exclude(routed_at=None).count(), Delivery.objects.count(), done


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_relay_that_crashes_creates_one_delivery_for_each_listener(sample, chart):
    send_sales()

    deaths = crash_everywhere(
        lambda: route(using="relay"), progress=committed_rows, stride=sample.stride(MAX_STRIDE)
    )

    assert deaths > sample.at_least(5, MAX_STRIDE)
    assert not OutboxEvent.objects.filter(routed_at=None).exists()
    deliveries_of_commands = Delivery.objects.filter(
        event__name="command.sent", subscriber="bus.execute_command"
    )
    assert deliveries_of_commands.count() == SALES


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_listener_that_crashes_takes_effect_once(sample, chart, unlimited_retries):
    send_sales()

    deaths = crash_everywhere(
        lambda: settle(impatient=True), progress=committed_rows, stride=sample.stride(MAX_STRIDE)
    )

    assert deaths > sample.at_least(50, MAX_STRIDE)
    assert Entry.objects.count() == SALES
    assert not Delivery.objects.exclude(status="done").exists()


def test_a_delivery_in_four_workers_takes_effect_once(chart, acme):
    send_sales()
    route()
    hinted = list(Delivery.objects.values_list("pk", flat=True))
    start = threading.Barrier(4)

    def worker(_):
        start.wait()
        try:
            with activate(acme):
                for pk in hinted:
                    deliveries.deliver(pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))

    assert Entry.objects.count() == SALES
