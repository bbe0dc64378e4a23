"""Crash at every statement between a committed change and a listener that has heard it: not lost, not doubled."""

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
from tests.support.failpoints import LONGEST_STRIDE, crash_everywhere
from tests.support.settling import settle

CLERK = System("clerk")
SALES = 3
EVER = 32_000


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)


def send_sales():
    for number in range(SALES):
        dispatch_async(sale(), actor=CLERK, key=f"sale {number}")


def kept():
    done = Delivery.objects.filter(status="done").count()
    return OutboxEvent.objects.exclude(routed_at=None).count(), Delivery.objects.count(), done


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_the_relay_gives_each_event_to_each_listener_once(sample, chart):
    send_sales()

    deaths = crash_everywhere(
        lambda: route(using="relay"), progress=kept, stride=sample.stride(LONGEST_STRIDE)
    )

    assert deaths > sample.at_least(5, LONGEST_STRIDE)
    assert not OutboxEvent.objects.filter(routed_at=None).exists()
    heard_by = Delivery.objects.filter(event__name="command.sent", subscriber="bus.do_default")
    assert heard_by.count() == SALES


@pytest.mark.exhaustive("a crash at every statement", inside=True)
def test_a_listener_has_its_effects_once(sample, chart, patience):
    send_sales()

    deaths = crash_everywhere(
        lambda: settle(impatient=True), progress=kept, stride=sample.stride(LONGEST_STRIDE)
    )

    assert deaths > sample.at_least(50, LONGEST_STRIDE)
    assert Entry.objects.count() == SALES
    assert not Delivery.objects.exclude(status="done").exists()


def test_two_workers_that_hear_the_same_have_its_effects_once(chart, acme):
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
