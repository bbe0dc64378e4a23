"""Sagas: after a crash at any statement, forward or compensating, the run ends in the same state."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.events import deliveries
from apps.events.models import Delivery
from apps.ledger.models import Account, Entry, Journal
from apps.sagas.models import LogEntry, Run
from apps.sagas.scheduling import begin
from tests.support.branches import Opening
from tests.support.failpoints import MAX_STRIDE, crash_everywhere
from tests.support.settling import settle
from tests.support.unlimited_retries import UNLIMITED_BACKOFF, with_unlimited_retries


@pytest.fixture
def unlimited_retries(monkeypatch):
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)


def committed_rows():
    return LogEntry.objects.count(), Delivery.objects.filter(status="done").count(), Delivery.objects.count()


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize(("agrees", "ends"), [(True, "done"), (False, "compensated")])
def test_a_saga_that_crashes_ends_in_the_same_state(
    sample, capital, office, opening, unlimited_retries, agrees, ends
):
    office.refuses = not agrees
    with transaction.atomic():
        run = begin(with_unlimited_retries(opening), Opening(code="1300"), subject="branch:1")

    deaths = crash_everywhere(
        lambda: settle(impatient=True), progress=committed_rows, stride=sample.stride(MAX_STRIDE)
    )

    run = Run.objects.get(pk=run.pk)
    assert deaths > sample.at_least(100, MAX_STRIDE)
    assert run.state == ends
    assert not Delivery.objects.exclude(status="done").exists()
    entries = list(run.log_entries.values_list("kind", "step"))
    assert len(entries) == len(set(entries)), "a step was executed or compensated twice"
    live = set(Account.objects.filter(is_active=True).values_list("code", flat=True))
    if agrees:
        assert live == {"3000", "1300", "13009"}
        assert Entry.objects.count() == Journal.objects.filter(code="J1300").count() == 1
    else:
        assert live == {"3000"}
        assert Entry.objects.count() == 2
        assert Entry.objects.filter(reversal_of__isnull=False).count() == 1
