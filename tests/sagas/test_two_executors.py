"""Two workers that take up the same run at the same moment: one of them makes the move."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet

from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.sagas import executor
from apps.sagas.models import Happening, Run
from apps.sagas.runs import begin
from tests.support.branches import Opening


@pytest.fixture
def meeting(office, monkeypatch):
    """A step is held open until a second worker comes into it, or half a second is over."""

    class Meeting:
        happened = False
        door = threading.Barrier(2)

        def wait(self, step):
            if step == "account":
                try:
                    self.door.wait(0.5)
                except threading.BrokenBarrierError:
                    return
                self.happened = True

    there = Meeting()
    monkeypatch.setattr(office, "may", there.wait)
    return there


@pytest.fixture
def run(capital, opening):
    with transaction.atomic():
        return begin(opening, Opening(code="1100"), subject="branch:1100")


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
        return [future.exception() for future in [pool.submit(worker, each) for each in range(2)]]


def test_one_of_them_makes_the_move(acme, run, meeting):
    assert advance_together(acme, run) == [None, None]

    assert not meeting.happened
    assert Run.objects.get(pk=run.pk).state == "done"
    assert Entry.objects.count() == 1
    marks = list(Happening.objects.filter(run=run).values_list("what", "step"))
    assert len(marks) == len(set(marks))


def test_without_lock_and_version_they_meet_in_it(acme, run, meeting, monkeypatch):
    """The control: both are in the step at once, and the journey does not come out right."""
    filtered = QuerySet.filter
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
    monkeypatch.setattr(
        QuerySet, "filter", lambda self, *args, version=None, **named: filtered(self, *args, **named)
    )

    advance_together(acme, run)

    assert meeting.happened
