"""What comes round reaches every tenant once in each slot, whoever knocks and whatever falls over."""

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

from apps.kernel import caching, clock
from apps.kernel.periodic import PERIODIC, Periodic, every
from apps.kernel.queues import AuditTask
from apps.kernel.tenant import activate, current_tenant
from apps.tenancy import fanout
from apps.tenancy.models import ScheduledRun, Tenant

NOON = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def tenants(acme, globex) -> list[int]:
    return [acme.id, globex.id]


@pytest.fixture
def round_of_seals(tenants, monkeypatch):
    """The only periodic task of the house, every minute."""
    job = Periodic("tests.seal", 60, "audit", "everywhere")
    monkeypatch.setattr(fanout, "PERIODIC", {job.task: job})
    return job


@pytest.fixture
def sent(monkeypatch) -> list[int]:
    """To whom, in order; nothing reaches the broker."""
    reached: list[int] = []
    monkeypatch.setattr(fanout, "send", lambda job, targets: reached.extend(targets))
    return reached


def at(instant: dt.datetime) -> int:
    with clock.moved_to(instant):
        return fanout.tick()


def test_each_tenant_and_the_platform_are_sent_it_once_in_a_slot(round_of_seals, sent, tenants):
    for second in (0, 5, 59):
        at(NOON + dt.timedelta(seconds=second))

    assert sent == [0, *tenants]


def test_the_next_slot_is_another(round_of_seals, sent, tenants):
    at(NOON)
    at(NOON + dt.timedelta(seconds=60))

    assert sent == [0, *tenants] * 2


def test_slots_that_nobody_saw_are_not_made_up_for(round_of_seals, sent, tenants):
    at(NOON)
    at(NOON + dt.timedelta(hours=3))

    assert sent == [0, *tenants] * 2


def test_a_clock_that_lags_does_not_open_an_earlier_slot(round_of_seals, sent, tenants):
    at(NOON)
    at(NOON - dt.timedelta(minutes=5))

    assert sent == [0, *tenants]


def test_the_round_says_where_it_stands(round_of_seals, sent, tenants):
    at(NOON + dt.timedelta(seconds=7))

    scheduled_run = ScheduledRun.objects.get()
    assert (scheduled_run.task, scheduled_run.slot_at, scheduled_run.progress) == (
        "tests.seal",
        NOON,
        tenants[-1],
    )
    assert scheduled_run.ended_at == NOON + dt.timedelta(seconds=7)


@pytest.mark.parametrize(("where", "expected"), [("platform", [0]), ("tenants", ["acme", "globex"])])
def test_a_task_says_for_whom_it_is(tenants, sent, monkeypatch, where, expected):
    monkeypatch.setattr(fanout, "PERIODIC", {"tests.x": Periodic("tests.x", 60, "low", where)})

    at(NOON)

    slugs = dict(Tenant.objects.values_list("pk", "slug"))
    assert [slugs.get(each, each) for each in sent] == expected


def test_tenants_that_are_not_served_are_left_out(round_of_seals, sent, tenants):
    Tenant.objects.filter(pk=tenants[0]).update(state=Tenant.State.SUSPENDED)

    at(NOON)

    assert sent == [0, tenants[1]]


def test_a_crash_halfway_is_resumed_where_it_stood(round_of_seals, tenants, monkeypatch):
    monkeypatch.setattr(fanout, "CHUNK_SIZE", 1)
    reached: list[int] = []

    def die_at_the_second(job, targets):
        if len(reached) == 1 and not died:
            died.append(True)
            raise SystemExit
        reached.extend(targets)

    died: list[bool] = []
    monkeypatch.setattr(fanout, "send", die_at_the_second)
    with pytest.raises(SystemExit):
        at(NOON)
    at(NOON + dt.timedelta(seconds=5))

    assert reached == [0, *tenants]


def test_a_round_that_was_cut_off_is_finished_before_the_next(round_of_seals, tenants, monkeypatch, sent):
    ScheduledRun.objects.create(task="tests.seal", slot_at=NOON, progress=tenants[0], begun_at=NOON)

    at(NOON + dt.timedelta(seconds=61))
    at(NOON + dt.timedelta(seconds=66))

    assert sent == [tenants[1], 0, *tenants]


def test_a_broker_that_is_away_costs_time_only(round_of_seals, tenants, monkeypatch):
    reached: list[int] = []
    answers = iter([ConnectionRefusedError("nobody there"), None])

    def away_once(job, targets):
        if error := next(answers, None):
            raise error
        reached.extend(targets)

    monkeypatch.setattr(fanout, "send", away_once)

    assert at(NOON) == 0
    at(NOON + dt.timedelta(seconds=5))
    assert reached == [0, *tenants]


def knock_together(times: int) -> None:
    """Several beats at the same moment."""
    together = Barrier(times)

    @activate(None)
    def knock(_: int) -> None:
        together.wait(10)
        try:
            at(NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(knock, range(times)))


@pytest.fixture
def slowly_sent(monkeypatch) -> list[int]:
    """Each chunk of one takes a moment, in which the others would send it too if they could."""
    reached: list[int] = []

    def send(job, targets):
        time.sleep(0.05)
        reached.extend(targets)

    monkeypatch.setattr(fanout, "CHUNK_SIZE", 1)
    monkeypatch.setattr(fanout, "send", send)
    return reached


def test_beats_that_knock_together_send_a_slot_once(round_of_seals, slowly_sent, tenants):
    knock_together(4)
    at(NOON + dt.timedelta(seconds=5))  # whoever found the row held went away; the rest is sent now

    assert Counter(slowly_sent) == Counter([0, *tenants])


def test_without_the_lock_they_would_send_it_twice(round_of_seals, slowly_sent, tenants, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)

    knock_together(4)

    assert max(Counter(slowly_sent).values()) > 1


def test_the_messages_are_on_their_queue_with_their_tenant(round_of_seals, tenants):
    at(NOON)

    messages = [json.loads(each) for each in caching._client().lrange("audit", 0, -1)]
    headers = [message["headers"] for message in messages]
    assert sorted(str(header["tenant"]) for header in headers) == sorted(["public", *map(str, tenants)])
    assert {header["task"] for header in headers} == {"tests.seal"}
    assert all(header["expires"] for header in headers)
    assert all(header["eta"] is None for header in headers)


def test_the_task_that_beat_sends_reaches_each_tenant(round_of_seals, sent, tenants):
    current_app.loader.import_default_modules()
    task = current_app.tasks[current_app.conf.beat_schedule["send scheduled tasks"]["task"]]

    with clock.moved_to(NOON):
        task.apply(headers={"tenant": "public"}, throw=True)

    assert sent == [0, *tenants]


def test_declaring_makes_a_task_of_its_queue(acme):
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


def test_nothing_comes_round_more_often_than_beat_knocks():
    with pytest.raises(ValueError, match="every 5 s"):
        every(seconds=4, base=AuditTask, name="tests.hasty")
