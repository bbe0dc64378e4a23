from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from apps.jobs.declaration import Job
from apps.jobs.models import Run
from apps.jobs.starting import start
from apps.kernel.actors import Actor, acting_as
from tests.support import counting_job


@pytest.fixture
def counting(db) -> type[Job]:
    """The job of the tests; no number is broken."""
    counting_job.BROKEN.clear()
    return counting_job.declare()


@pytest.fixture
def begin(counting, owner) -> Callable[..., Run]:
    """`begin(numbers=5)` starts it in the current tenant, for the owner."""

    def started(numbers: int = 3, actor: Actor = owner, **parameters: object) -> Run:
        with acting_as(actor), transaction.atomic():
            return start(counting, numbers=numbers, **parameters)

    return started
