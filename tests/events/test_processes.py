"""Relay and worker processes: order, notifications, and events that kill their worker."""

from __future__ import annotations

import pytest

from apps.events.models import Delivery
from tests.support.processes import eventually, running
from tests.support.shelf import SUBSCRIBER, deliveries, fill

RUNTIME_ONLY = "DATABASE_OWNER_URL DATABASE_RELAY_URL"


@pytest.fixture
def processes(environment):
    """Two relays, and a worker with two processes with a listener that kills its process for shelf 13."""
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


def deliveries_of_suite():
    return Delivery.objects.filter(subscriber=SUBSCRIBER)


@pytest.mark.exhaustive("a worker is lost until the event is a dead letter")
def test_an_event_that_kills_its_worker_becomes_a_dead_letter_among_delivered_events(processes, at_acme):
    fill(shelf=13, books=1)
    fill(shelf=13, books=2)
    for shelf in range(5):
        for books in range(4):
            fill(shelf=shelf, books=books)

    eventually(lambda: deliveries_of_suite().filter(status="done").count() == 20)
    eventually(lambda: deliveries_of_suite().filter(status="dead").exists())

    dead = deliveries_of_suite().get(status="dead")
    assert dead.aggregate == "shelf:13"
    assert dead.last_error == "The worker was lost each time."
    assert deliveries_of_suite().get(status="pending").aggregate == "shelf:13"  # behind the dead letter
    for shelf in range(5):
        handled = deliveries().filter(aggregate=f"shelf:{shelf}").order_by("finished_at")
        event_ids = [delivery.event_id for delivery in handled]
        assert event_ids == sorted(event_ids)


@pytest.mark.slow("a relay, a worker and their start")
def test_a_committed_event_reaches_its_listener_without_a_sweep(processes, at_acme):
    """No beat runs here, so only the notification after the commit starts the delivery."""
    for books in range(1, 11):
        fill(shelf=100 + books, books=books)
        delivered = deliveries_of_suite().filter(aggregate=f"shelf:{100 + books}", status="done")
        eventually(delivered.exists)


@pytest.mark.exhaustive("the connection of a relay is cut")
def test_a_relay_reconnects_after_the_loss_of_its_connection(environment, at_acme):
    from django.db import connections

    fill(shelf=1, books=1)
    with running(environment, "tests.support.relay_of_the_suite", without="DATABASE_OWNER_URL"):
        eventually(lambda: deliveries_of_suite().count() == 1)
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'bursar_relay' AND datname = current_database()"
            )
        fill(shelf=1, books=2)

        eventually(lambda: deliveries_of_suite().count() == 2)
