"""A job and a real worker, over the broker."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.jobs.models import Run
from apps.ledger.commands import ExportJournal
from tests.support.processes import eventually, worker


@pytest.mark.exhaustive("the start of a worker")
def test_a_worker_executes_a_started_job(at_acme, chart, accountant, environment):
    run = dispatch(ExportJournal(), actor=accountant)

    with worker(environment, "low"):
        eventually(lambda: Run.objects.get(pk=run.pk).finished_at)

    assert Run.objects.get(pk=run.pk).state == Run.State.DONE
