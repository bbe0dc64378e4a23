"""The wait of each queue is read from the broker; a wait over the limit is an alert."""

from __future__ import annotations

import logging
import time

import pytest
import redis
from celery import current_app

from apps.kernel.cache import redis_client
from apps.kernel.queues import wait_times
from apps.kernel.queues.policies import POLICIES
from apps.kernel.queues.wait_times import QueueMonitor, QueueStatus, queue_statuses


@pytest.fixture
def default_status(db):
    return lambda: next(status for status in queue_statuses() if status.queue == "default")


def send(**options) -> None:
    current_app.send_task("tests.nothing", queue="default", headers={"tenant": "public"}, **options)


def long_ago(monkeypatch, seconds: float) -> None:
    """Messages sent now were sent `seconds` ago."""
    sent = time.time() - seconds
    monkeypatch.setattr(wait_times.time, "time", lambda: sent)


def test_an_empty_queue_has_no_wait(db):
    assert [
        (status.queue, status.depth, status.oldest, status.unacked, status.alert)
        for status in queue_statuses()
    ] == [(queue, 0, 0.0, 0, False) for queue in POLICIES]


def test_the_wait_is_the_age_of_the_oldest_message(default_status, monkeypatch):
    with monkeypatch.context() as then:
        long_ago(then, 50)
        send()
    send()

    assert default_status().depth == 2
    assert 50 <= default_status().oldest < 55
    assert not default_status().alert


def test_a_wait_over_the_limit_of_the_queue_is_an_alert(default_status, monkeypatch):
    with monkeypatch.context() as then:
        long_ago(then, POLICIES["default"].wait_alert + 1)
        send()

    assert default_status().alert


def test_a_countdown_does_not_count_as_a_wait(default_status):
    send(countdown=100)

    assert default_status().oldest == 0.0


def test_the_wait_of_a_resent_message_starts_again(db):
    headers = {"sent_at": 1.0, "eta": None}

    wait_times.stamp(headers)

    assert time.time() - headers["sent_at"] < 5


@pytest.mark.parametrize(
    ("queue", "seconds"),
    [("financial", 30), ("default", 60), ("billing", 90), ("audit", 120), ("low", 120)],
)
def test_each_queue_has_its_alert(queue, seconds):
    assert not QueueStatus(queue, 1, seconds, 0, 0.0).alert
    assert QueueStatus(queue, 1, seconds + 0.1, 0, 0.0).alert


def test_an_alert_is_logged_once_a_minute_until_its_end(caplog, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(wait_times.time, "monotonic", lambda: moment[0])
    caplog.set_level(logging.INFO, logger="apps.kernel.queues.wait_times")
    late, fine = QueueStatus("financial", 7, 45.0, 0, 0.0), QueueStatus("financial", 0, 0.0, 0, 0.0)
    queue_monitor = QueueMonitor()

    for step, status in ((0, late), (15, late), (46, late), (15, fine), (15, fine)):
        moment[0] += step
        queue_monitor.report([status])

    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    alert = "Work in queue financial has waited 45 s, the alert is at 30 s: 7 messages wait."
    over = "Work in queue financial is taken up in time again."
    assert logged == [("ERROR", alert), ("ERROR", alert), ("INFO", over)]


def test_an_unavailable_broker_is_logged(caplog, monkeypatch):
    def unavailable():
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(wait_times, "queue_statuses", unavailable)

    QueueMonitor().check()

    assert "the broker does not answer" in caplog.text


def test_the_monitor_checks_at_most_four_times_a_minute(monkeypatch):
    checks = []
    monkeypatch.setattr(wait_times, "queue_statuses", lambda: checks.append(1) or [])
    queue_monitor = QueueMonitor()

    for _ in range(5):
        queue_monitor.check()

    assert len(checks) == 1


def test_the_wait_of_an_unconsumed_queue_starts_at_its_first_check(db, monkeypatch):
    """RabbitMQ does not show the messages of a queue."""
    assert wait_times._status("low", 3, 0.0).oldest < 1
    redis_client.client().hset(wait_times.UNTAKEN_SINCE, "low", time.time() - 130)
    assert wait_times._status("low", 3, 0.0).alert

    wait_times.note("low", time.time() - 2)

    taken = wait_times._status("low", 2, wait_times._waited()["low"])
    assert 2 <= taken.oldest < 5
    assert wait_times._status("low", 0, 99.0).oldest == 0.0
