"""A scheduled task is sent to every tenant once per slot, also with concurrent ticks and crashes."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from celery import current_app
from django.db import connections
from django.db.models import QuerySet

from apps.kernel import clock
from apps.kernel.cache import redis_client
from apps.kernel.queues.periodic import PERIODIC, Periodic, every
from apps.kernel.queues.tasks import AuditTask
from apps.kernel.tenant import activate, current_tenant
from apps.tenancy import fanout
from apps.tenancy.models import ScheduledRun, Tenant

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def tenants(acme, globex) -> list[int]:
    return [acme.id, globex.id]


@pytest.fixture
def scheduled_seal(tenants, monkeypatch):
    """The only scheduled task, every minute."""
    job = Periodic("tests.seal", 60, "audit", "everywhere")
    monkeypatch.setattr(fanout, "PERIODIC", {job.task: job})
    return job


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """Target ids in order; nothing is sent to the broker."""
    sent_to: list[int] = []
    monkeypatch.setattr(fanout, "send", lambda job, targets: sent_to.extend(targets))
    return sent_to


def at(instant: dt.datetime) -> int:
    with clock.moved_to(instant):
        return fanout.tick()


def test_a_task_is_sent_once_per_slot(scheduled_seal, sent, tenants):
    for second in (0, 5, 59):
        at(NOON + dt.timedelta(seconds=second))

    assert sent == [0, *tenants]


def test_the_next_slot_is_sent_again(scheduled_seal, sent, tenants):
    at(NOON)
    at(NOON + dt.timedelta(seconds=60))

    assert sent == [0, *tenants] * 2


def test_missed_slots_are_not_made_up_for(scheduled_seal, sent, tenants):
    at(NOON)
    at(NOON + dt.timedelta(hours=3))

    assert sent == [0, *tenants] * 2


def test_a_clock_that_lags_does_not_open_an_earlier_slot(scheduled_seal, sent, tenants):
    at(NOON)
    at(NOON - dt.timedelta(minutes=5))

    assert sent == [0, *tenants]


def test_the_run_records_its_progress(scheduled_seal, sent, tenants):
    at(NOON + dt.timedelta(seconds=7))

    scheduled_run = ScheduledRun.objects.get()
    assert (scheduled_run.task, scheduled_run.slot_at, scheduled_run.progress) == (
        "tests.seal",
        NOON,
        tenants[-1],
    )
    assert scheduled_run.ended_at == NOON + dt.timedelta(seconds=7)


@pytest.mark.parametrize(("where", "expected"), [("platform", [0]), ("tenants", ["acme", "globex"])])
def test_a_task_is_sent_to_its_declared_targets(tenants, sent, monkeypatch, where, expected):
    monkeypatch.setattr(fanout, "PERIODIC", {"tests.x": Periodic("tests.x", 60, "low", where)})

    at(NOON)

    slugs = dict(Tenant.objects.values_list("pk", "slug"))
    assert [slugs.get(target, target) for target in sent] == expected


def test_suspended_tenants_are_skipped(scheduled_seal, sent, tenants):
    Tenant.objects.filter(pk=tenants[0]).update(state=Tenant.State.SUSPENDED)

    at(NOON)

    assert sent == [0, tenants[1]]


def test_a_crashed_run_is_resumed(scheduled_seal, tenants, monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK_SIZE", 1)
    sent_to: list[int] = []

    def die_at_the_second(job, targets):
        if len(sent_to) == 1 and not died:
            died.append(True)
            raise SystemExit
        sent_to.extend(targets)

    died: list[bool] = []
    monkeypatch.setattr(fanout, "send", die_at_the_second)
    with pytest.raises(SystemExit):
        at(NOON)
    at(NOON + dt.timedelta(seconds=5))

    assert sent_to == [0, *tenants]


def test_an_interrupted_run_ends_before_the_next_slot(scheduled_seal, tenants, monkeypatch, sent):
    ScheduledRun.objects.create(task="tests.seal", slot_at=NOON, progress=tenants[0], begun_at=NOON)

    at(NOON + dt.timedelta(seconds=61))
    at(NOON + dt.timedelta(seconds=66))

    assert sent == [tenants[1], 0, *tenants]


def test_an_unreachable_broker_only_delays_a_run(scheduled_seal, tenants, monkeypatch):
    sent_to: list[int] = []
    outcomes = iter([ConnectionRefusedError("no broker"), None])

    def away_once(job, targets):
        if error := next(outcomes, None):
            raise error
        sent_to.extend(targets)

    monkeypatch.setattr(fanout, "send", away_once)

    assert at(NOON) == 0
    at(NOON + dt.timedelta(seconds=5))
    assert sent_to == [0, *tenants]


def tick_together(times: int) -> None:
    """Several ticks at the same moment."""
    together = Barrier(times)

    @activate(None)
    def tick_once(_: int) -> None:
        together.wait(120)
        try:
            at(NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(tick_once, range(times)))


@pytest.fixture
def slowly_sent(monkeypatch) -> list[int]:
    """Each chunk takes a moment, in which a concurrent tick could send it as well."""
    sent_to: list[int] = []

    def send(job, targets):
        time.sleep(0.05)
        sent_to.extend(targets)

    monkeypatch.setattr(fanout, "CHUNK_SIZE", 1)
    monkeypatch.setattr(fanout, "send", send)
    return sent_to


def test_concurrent_ticks_send_a_slot_once(scheduled_seal, slowly_sent, tenants):
    tick_together(4)
    at(NOON + dt.timedelta(seconds=5))  # a tick that found the row locked gave up; the rest is sent now

    assert Counter(slowly_sent) == Counter([0, *tenants])


def test_without_the_lock_a_slot_is_sent_twice(scheduled_seal, slowly_sent, tenants, monkeypatch):
    """Negative control."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)

    tick_together(4)

    assert max(Counter(slowly_sent).values()) > 1


def test_the_messages_are_on_their_queue_with_their_tenant(scheduled_seal, tenants):
    at(NOON)

    messages = [json.loads(message) for message in redis_client.client().lrange("audit", 0, -1)]
    headers = [message["headers"] for message in messages]
    assert sorted(str(header["tenant"]) for header in headers) == sorted(["public", *map(str, tenants)])
    assert {header["task"] for header in headers} == {"tests.seal"}
    assert all(header["expires"] for header in headers)
    assert all(header["eta"] is None for header in headers)


def test_the_task_that_beat_sends_reaches_each_tenant(scheduled_seal, sent, tenants):
    current_app.loader.import_default_modules()
    task = current_app.tasks[current_app.conf.beat_schedule["send scheduled tasks"]["task"]]

    with clock.moved_to(NOON):
        task.apply(headers={"tenant": "public"}, throw=True)

    assert sent == [0, *tenants]


def test_a_declared_task_runs_on_its_queue(acme):
    seen = []

    @every(seconds=30, base=AuditTask, name="tests.declared")
    def declared() -> None:
        seen.append(current_tenant().slug)

    try:
        assert PERIODIC["tests.declared"] == Periodic("tests.declared", 30, "audit", "everywhere")
        declared.apply(headers={"tenant": acme.id}, throw=True)
        assert (seen, declared.queue_name, declared.time_limit) == (["acme"], "audit", 60)
        with pytest.raises(TypeError):
            every(seconds=30, base=AuditTask, name="tests.declared")(lambda: None)
    finally:
        del PERIODIC["tests.declared"]


def test_an_interval_shorter_than_the_tick_is_refused():
    with pytest.raises(ValueError, match="every 5 s"):
        every(seconds=4, base=AuditTask, name="tests.hasty")
