"""How long work waits is read from the broker; what waits too long is an alert."""

from __future__ import annotations

import logging
import time

import pytest
import redis
from celery import current_app

from apps.kernel import caching, waiting
from apps.kernel.queues import POLICIES
from apps.kernel.waiting import QueueMonitor, QueueStatus, queue_statuses


@pytest.fixture
def of_default(db):
    return lambda: next(each for each in queue_statuses() if each.queue == "default")


def send(**options) -> None:
    current_app.send_task("tests.nothing", queue="default", headers={"tenant": "public"}, **options)


def long_ago(monkeypatch, seconds: float) -> None:
    """What is sent now was sent then."""
    sent = time.time() - seconds
    monkeypatch.setattr(waiting.time, "time", lambda: sent)


def test_an_empty_queue_waits_for_nothing(db):
    assert [(each.queue, each.depth, each.oldest, each.unacked, each.alert) for each in queue_statuses()] == [
        (queue, 0, 0.0, 0, False) for queue in POLICIES
    ]


def test_the_oldest_message_counts(of_default, monkeypatch):
    with monkeypatch.context() as then:
        long_ago(then, 50)
        send()
    send()

    assert of_default().depth == 2
    assert 50 <= of_default().oldest < 55
    assert not of_default().alert


def test_what_waits_longer_than_its_queue_may_is_an_alert(of_default, monkeypatch):
    with monkeypatch.context() as then:
        long_ago(then, POLICIES["default"].wait_alert + 1)
        send()

    assert of_default().alert


def test_what_waits_on_purpose_does_not_wait_too_long(of_default):
    send(countdown=100)

    assert of_default().oldest == 0.0


def test_a_repeated_message_begins_anew(db):
    headers = {"sent_at": 1.0, "eta": None}

    waiting.stamp(headers)

    assert time.time() - headers["sent_at"] < 5


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [("financial", 30), ("default", 60), ("billing", 90), ("audit", 120), ("low", 120)],
)
def test_each_queue_has_its_alert(queue, seconds):
    assert not QueueStatus(queue, 1, seconds, 0, 0.0).alert
    assert QueueStatus(queue, 1, seconds + 0.1, 0, 0.0).alert


def test_an_alert_is_said_once_a_minute_and_when_it_is_over(caplog, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: moment[0])
    caplog.set_level(logging.INFO, logger="apps.kernel.waiting")
    late, fine = QueueStatus("financial", 7, 45.0, 0, 0.0), QueueStatus("financial", 0, 0.0, 0, 0.0)
    queue_monitor = QueueMonitor()

    for step, each in ((0, late), (15, late), (46, late), (15, fine), (15, fine)):
        moment[0] += step
        queue_monitor.report([each])

    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    alert = "Work in queue financial has waited 45 s, the alert is at 30 s: 7 messages wait."
    over = "Work in queue financial is taken up in time again."
    assert said == [("ERROR", alert), ("ERROR", alert), ("INFO", over)]


def test_a_broker_that_is_away_is_said_too(caplog, monkeypatch):
    def away():
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(waiting, "queue_statuses", away)

    QueueMonitor().check()

    assert "the broker does not answer" in caplog.text


def test_a_watch_looks_four_times_a_minute(monkeypatch):
    checks = []
    monkeypatch.setattr(waiting, "queue_statuses", lambda: checks.append(1) or [])
    queue_monitor = QueueMonitor()

    for _ in range(5):
        queue_monitor.check()

    assert len(checks) == 1


def test_what_nobody_takes_waits_since_it_was_first_seen(db, monkeypatch):
    """As on RabbitMQ, which does not show its messages."""
    assert waiting._told("low", 3, 0.0).oldest < 1
    caching._client().hset(waiting.UNTAKEN_SINCE, "low", time.time() - 130)
    assert waiting._told("low", 3, 0.0).alert

    waiting.note("low", time.time() - 2)

    taken = waiting._told("low", 2, waiting._waited()["low"])
    assert 2 <= taken.oldest < 5
    assert waiting._told("low", 0, 99.0).oldest == 0.0
