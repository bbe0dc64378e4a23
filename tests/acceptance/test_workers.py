"""Real workers that are killed, stopped and kept busy: each task is finished, and redelivered if necessary."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app

from apps.kernel.cache import redis_client
from apps.kernel.queues.wait_times import queue_statuses
from apps.kernel.tenant import activate
from apps.tenancy.models import ScheduledRun
from tests.support.processes import TIMEOUT_S, eventually
from tests.support.workers import VISIBLE_AFTER, Workers, has, kill
from tests.support.workload import diary, early, fall, stumble, work

pytestmark = pytest.mark.exhaustive("workers are killed, stopped and waited for")


@pytest.fixture(scope="session")
def template(eight_tenants):
    return eight_tenants


@pytest.fixture
def workers(environment) -> Iterator[Workers]:
    """`workers.start()` adds one; all are gone when the test is over."""
    environment |= {
        "BROKER_VISIBILITY_TIMEOUT": str(VISIBLE_AFTER),
        "REMAP_SIGTERM": "SIGQUIT",
        "WORKER_GRACE": "3",
    }
    started = Workers(environment)
    yield started
    started.end()


def waiting_in_default() -> int:
    return int(redis_client.client().llen("default"))


def test_tasks_of_a_killed_worker_are_redelivered_after_the_visibility_timeout(workers):
    first = workers.start()
    work.delay("long", 1.5)
    early.delay("lost", 0)  # prefetched by no worker: the first task runs
    eventually(lambda: has("long began"))

    kill(first)
    workers.start()

    eventually(lambda: has("long ended"))
    assert diary().count("long began") == 2
    eventually(lambda: has("lost ended"))
    eventually(lambda: redis_client.client().hlen("unacked") == 0)


def test_without_late_acknowledgement_a_task_of_a_killed_worker_is_lost(workers):
    """The negative control."""
    first = workers.start()
    early.delay("lost", 30)
    eventually(lambda: has("lost began"))

    kill(first)
    workers.start()
    work.delay("other", 0)
    eventually(lambda: has("other ended"))
    time.sleep(VISIBLE_AFTER + 6)

    assert diary().count("lost began") == 1
    assert waiting_in_default() == redis_client.client().hlen("unacked") == 0


def test_a_task_that_kills_its_process_is_retried_at_once(workers):
    workers.start()

    fall.delay("trip")

    eventually(lambda: has("trip ended"))
    assert diary() == ["trip began", "trip began", "trip ended"]


def test_a_busy_worker_holds_no_second_message(workers):
    workers.start()
    work.delay("long", 6)
    eventually(lambda: has("long began"))
    work.delay("short", 0)
    time.sleep(0.5)

    assert waiting_in_default() == 1  # for any worker
    assert {queue.queue: queue.unacked for queue in queue_statuses()}["default"] == 1
    assert not has("long ended")


def test_a_stopped_worker_finishes_its_current_task(workers):
    process = workers.start()
    work.delay("short", 1.5)
    eventually(lambda: has("short began"))

    process.terminate()
    process.wait(15)

    assert diary() == ["short began", "short ended"]
    assert waiting_in_default() == redis_client.client().hlen("unacked") == 0


def test_a_stopped_worker_returns_an_unfinished_task(workers):
    process = workers.start()
    work.delay("long", 20)
    eventually(lambda: has("long began"))

    process.terminate()
    process.wait(20)

    assert diary() == ["long began"]
    assert waiting_in_default() == 1
    workers.start()
    eventually(lambda: diary().count("long began") == 2)


def test_a_transient_failure_is_retried_up_to_the_limit_of_its_queue(workers):
    workers.start()

    stumble.delay("step")

    eventually(lambda: diary().count("step began") == 1 + stumble.max_retries)
    eventually(lambda: redis_client.client().hlen("unacked") == 0)
    time.sleep(1)
    assert diary().count("step began") == 4


def test_a_worker_reports_the_wait_of_its_queue(workers, acme):
    with activate(acme):
        current_app.send_task("tests.work", args=("one", 0), queue="default", headers={"tenant": "public"})
    time.sleep(1)
    workers.start()
    eventually(lambda: has("one ended"))

    default = next(queue for queue in queue_statuses() if queue.queue == "default")
    assert 1 < default.waited < TIMEOUT_S
    assert (default.depth, default.oldest) == (0, 0.0)


def test_tasks_of_eight_tenants_read_only_their_own_rows(workers, eight):
    """Four threads of one worker, with connections that change from tenant to tenant."""
    for tenant in eight * 6:
        current_app.send_task("tests.read", queue="default", headers={"tenant": tenant.id})

    workers.start("-P", "threads", "-c", "4")
    eventually(lambda: len(diary()) >= 6 * len(eight))

    entries = [line.split(" in ") for line in diary()]
    assert {text for text, _ in entries} == {f"{tenant.slug} reads {tenant.slug}" for tenant in eight}
    assert len({thread for _, thread in entries}) > 1


def test_two_beats_send_a_scheduled_task_once_per_slot(workers, acme, globex, tmp_path):
    workers.start_beat(tmp_path / "first")
    workers.start_beat(tmp_path / "second")
    workers.start()
    workers.start()

    eventually(lambda: runs_of(acme.id) >= 4)
    workers.end()

    slots = ScheduledRun.objects.get(task="tests.scheduled").slot_at.timestamp() // 5 - first_slot() + 1
    for target in (acme.id, globex.id, "public"):
        assert (
            3 <= runs_of(target) <= slots + 1
        )  # a slow machine skips one, or sends the first in the next slot


def scheduled_messages() -> list[dict[str, Any]]:
    """In the order of sending: no worker consumes the audit queue here."""
    headers = [
        json.loads(message)["headers"] for message in redis_client.client().lrange("audit", 0, -1)[::-1]
    ]
    return [header for header in headers if header["task"] == "tests.scheduled"]


def runs_of(target: int | str) -> int:
    return sum(message["tenant"] == target for message in scheduled_messages())


def first_slot() -> int:
    return int(scheduled_messages()[0]["sent_at"] // 5)
