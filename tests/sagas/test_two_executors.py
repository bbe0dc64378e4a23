"""Two workers that advance the same run concurrently: one of them makes each transition."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet

from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.sagas import executor
from apps.sagas.models import LogEntry, Run
from apps.sagas.scheduling import begin
from tests.support.branches import Opening


@pytest.fixture
def meeting(office, monkeypatch):
    """Holds a step open until a second worker enters it, for at most half a second."""

    class Meeting:
        has_met = False
        barrier = threading.Barrier(2)

        def wait(self, step):
            if step == "account":
                try:
                    self.barrier.wait(0.5)
                except threading.BrokenBarrierError:
                    return
                self.has_met = True

    meeting = Meeting()
    monkeypatch.setattr(office, "execute", meeting.wait)
    return meeting


@pytest.fixture
def run(capital, opening):
    with transaction.atomic():
        return begin(opening, Opening(code="1300"), subject="branch:1300")


def advance_together(tenant, run):
    start = threading.Barrier(2)

    def worker(_):
        start.wait()
        try:
            with activate(tenant):
                executor.advance(run.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return [future.exception() for future in [pool.submit(worker, number) for number in range(2)]]


def test_each_transition_is_made_by_one_executor(acme, run, meeting):
    assert advance_together(acme, run) == [None, None]

    assert not meeting.has_met
    assert Run.objects.get(pk=run.pk).state == "done"
    assert Entry.objects.count() == 1
    marks = list(LogEntry.objects.filter(run=run).values_list("kind", "step"))
    assert len(marks) == len(set(marks))


def test_control_without_lock_and_version_both_executors_enter_a_step(acme, run, meeting, monkeypatch):
    """The control: both executors are in the step at once."""
    filtered = QuerySet.filter
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
    monkeypatch.setattr(
        QuerySet, "filter", lambda self, *args, version=None, **named: filtered(self, *args, **named)
    )

    advance_together(acme, run)

    assert meeting.has_met
