"""Crash at every statement of a saga, on its way forth and back, and it ends where it would have ended."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.events import deliveries
from apps.events.models import Delivery
from apps.ledger.models import Account, Entry, Journal
from apps.sagas.models import LogEntry, Run
from apps.sagas.runs import begin
from tests.support.branches import Opening
from tests.support.failpoints import LONGEST_STRIDE, crash_everywhere
from tests.support.patience import EVER, patient
from tests.support.settling import settle


@pytest.fixture
def patience(monkeypatch):
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)


def kept():
    """What is done for good."""
    return LogEntry.objects.count(), Delivery.objects.filter(status="done").count(), Delivery.objects.count()


@pytest.mark.exhaustive("a crash at every statement", inside=True)
@pytest.mark.parametrize(("agrees", "ends"), [(True, "done"), (False, "compensated")])
def test_ends_where_it_would_have_ended(sample, capital, office, opening, patience, agrees, ends):
    office.refuses = not agrees
    with transaction.atomic():
        run = begin(patient(opening), Opening(code="1100"), subject="branch:1")

    deaths = crash_everywhere(
        lambda: settle(impatient=True), progress=kept, stride=sample.stride(LONGEST_STRIDE)
    )

    run = Run.objects.get(pk=run.pk)
    assert deaths > sample.at_least(100, LONGEST_STRIDE)
    assert run.state == ends
    assert not Delivery.objects.exclude(status="done").exists()
    happened = list(run.log_entries.values_list("kind", "step"))
    assert len(happened) == len(set(happened)), "a step was done or taken back twice"
    live = set(Account.objects.filter(is_active=True).values_list("code", flat=True))
    if agrees:
        assert live == {"3000", "1100", "11009"}
        assert Entry.objects.count() == Journal.objects.filter(code="J1100").count() == 1
    else:
        assert live == {"3000"}
        assert Entry.objects.count() == 2
        assert Entry.objects.filter(reversal_of__isnull=False).count() == 1
