"""Sagas and deliveries with enough retries for a crash at every statement."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from apps.kernel.db.retries import Backoff
from apps.sagas.declaration import SAGAS, Saga
from apps.sagas.steps import Wait

UNLIMITED_RETRIES = 32_000
UNLIMITED_BACKOFF = Backoff((dt.timedelta(seconds=1),) * UNLIMITED_RETRIES)


def with_unlimited_retries(saga: Saga) -> Saga:
    """The same saga, with more retries than a step has statements."""
    del SAGAS[saga.name]
    steps = tuple(
        step if isinstance(step, Wait) else replace(step, retries=UNLIMITED_RETRIES) for step in saga.steps
    )
    trigger = saga.trigger and replace(saga.trigger, retries=UNLIMITED_RETRIES)
    return replace(saga, steps=steps, trigger=trigger)
