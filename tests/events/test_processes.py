"""Real relays and a real worker: order, wake-ups, and events that kill the worker that handles them."""

from __future__ import annotations

import pytest

from apps.events.models import Delivery
from tests.support.processes import eventually, running
from tests.support.shelf import SUBSCRIBER, deliveries, fill

RUNTIME_ONLY = "DATABASE_OWNER_URL DATABASE_RELAY_URL"


@pytest.fixture
def house(environment):
    """Two relays, and a worker with two processes whose listener dies of shelf 13."""
    with (
        running(environment, "tests.support.relay_of_the_suite", without="DATABASE_OWNER_URL"),
        running(environment, "tests.support.relay_of_the_suite", without="DATABASE_OWNER_URL"),
        running(
            environment,
            *(
                "celery",
                "-A",
                "tests.support.poisoned",
                "worker",
                "-Q",
                "default",
                "-c",
                "2",
                "-n",
                "poisoned@test",
            ),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR"),
            without=RUNTIME_ONLY,
        ),
    ):
        yield


def ours():
    return Delivery.objects.filter(subscriber=SUBSCRIBER)


@pytest.mark.exhaustive("a worker is lost until the event is a dead letter")
def test_poison_ends_as_a_dead_letter_and_everybody_else_is_heard(house, at_acme):
    fill(shelf=13, books=1)
    fill(shelf=13, books=2)
    for shelf in range(5):
        for books in range(4):
            fill(shelf=shelf, books=books)

    eventually(lambda: ours().filter(status="done").count() == 20, patience=60)
    eventually(lambda: ours().filter(status="dead").exists(), patience=120)

    dead = ours().get(status="dead")
    assert dead.aggregate == "shelf:13"
    assert dead.last_error == "The worker was lost each time."
    assert ours().get(status="pending").aggregate == "shelf:13"  # what waits behind it
    for shelf in range(5):
        line = deliveries().filter(aggregate=f"shelf:{shelf}").order_by("done_at")
        assert [each.event_id for each in line] == sorted(each.event_id for each in line)


@pytest.mark.slow("a relay, a worker and their start")
def test_a_committed_event_reaches_its_listener_without_a_sweep(house, at_acme):
    """No beat runs here, so nothing but the notice of the commit leads to the delivery."""
    for books in range(1, 11):
        fill(shelf=100 + books, books=books)
        delivered = ours().filter(aggregate=f"shelf:{100 + books}", status="done")
        eventually(delivered.exists, patience=60)


@pytest.mark.exhaustive("a relay whose connection is cut")
def test_a_relay_whose_connection_is_cut_comes_back(environment, at_acme):
    from django.db import connections

    fill(shelf=1, books=1)
    with running(environment, "tests.support.relay_of_the_suite", without="DATABASE_OWNER_URL"):
        eventually(lambda: ours().count() == 1, patience=60)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'bursar_relay' AND datname = current_database()"
            )
        fill(shelf=1, books=2)

        eventually(lambda: ours().count() == 2)
