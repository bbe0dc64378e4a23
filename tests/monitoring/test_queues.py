"""The status of the queues: in the operator's console, on the command line and in the health check."""

from __future__ import annotations

import json
import time
from io import StringIO

import pytest
import redis
from celery import current_app
from django.core.management import CommandError, call_command
from django.test import Client

from apps.events import SUBSCRIBERS
from apps.events.models import Delivery, OutboxEvent
from apps.identity.models import User
from apps.kernel import clock
from apps.kernel.queues import wait_times
from apps.kernel.queues.policies import POLICIES


@pytest.fixture
def late(db, monkeypatch):
    """A message in `financial` that is 45 s old."""
    with monkeypatch.context() as patch:
        sent = time.time() - 45
        patch.setattr(wait_times.time, "time", lambda: sent)
        current_app.send_task("tests.nothing", queue="financial", headers={"tenant": "public"})


@pytest.fixture
def away(db, monkeypatch):
    def refuse():
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(wait_times, "queue_statuses", refuse)


def page_of(client: Client) -> str:
    response = client.get("/queues/")
    assert response.status_code == 200
    return response.content.decode()


def health() -> str:
    return Client().get("/healthz").json()["modules"]["monitoring"]


def test_the_page_shows_every_queue(client_for, operator):
    page = page_of(client_for(operator, None))

    assert all(f'<th scope="row">{queue}</th>' for queue in POLICIES)
    assert "waits too long" not in page
    assert "Runs of scheduled tasks appear here" in page
    assert 'data-refresh="10"' in page


def test_a_late_queue_is_visible_on_all_pages_with_degraded_health(client_for, operator, late):
    assert "waits too long" in page_of(client_for(operator, None))
    assert "too long in financial" in client_for(operator, None).get("/").content.decode()
    assert health() == "degraded"


def test_health_is_healthy_with_empty_queues(db):
    assert health() == "healthy"


def test_the_page_without_a_broker_shows_a_message(client_for, operator, away):
    assert "The broker does not respond" in page_of(client_for(operator, None))
    assert health() == "degraded"


def test_deliveries_are_counted_by_the_queue_of_their_subscriber(db):
    from apps.monitoring import queries

    subscriber = next(iter(SUBSCRIBERS.values()))
    before = {queue.broker.queue: queue for queue in queries.queues()}[subscriber.queue]
    for status in ("pending", "dead", "dead", "done"):
        event = OutboxEvent.objects.using("owner").create(
            name="x.y", aggregate="x:1", payload={}, occurred_at=clock.now()
        )
        Delivery.objects.create(event_id=event.pk, subscriber=subscriber.name, aggregate="x:1", status=status)

    after = {queue.broker.queue: queue for queue in queries.queues()}[subscriber.queue]
    assert (after.pending - before.pending, after.dead - before.dead) == (1, 2)


def test_the_page_requires_its_permission(client_for, operator):
    User.objects.filter(pk=operator.pk).update(is_superuser=False)

    assert client_for(operator, None).get("/queues/").status_code == 403


def test_the_command_line_shows_a_late_queue(late):
    output = StringIO()
    call_command("queues", stdout=output)

    assert "financial" in output.getvalue()
    assert "WAITS TOO LONG" in output.getvalue()


def test_the_command_line_writes_json(late):
    output = StringIO()
    call_command("queues", "--json", stdout=output)

    financial = json.loads(output.getvalue())["queues"][0]
    assert 45 <= financial.pop("oldest_seconds") < 60
    assert financial == {
        "queue": "financial",
        "alert": True,
        "waiting": 1,
        "alert_seconds": 30,
        "in_progress": 0,
        "time_limit_seconds": 90,
        "retries": 2,
        "deliveries_pending": 0,
        "deliveries_dead": 0,
    }


def test_the_command_line_without_a_broker_fails(away):
    with pytest.raises((CommandError, SystemExit)):
        call_command("queues", stdout=StringIO(), stderr=StringIO())
