"""Patience for crashes: a worker may be lost more often than a saga allows."""

from __future__ import annotations

from dataclasses import replace

from apps.sagas import SAGAS, Wait

EVER = 32_000


def patient(saga):
    """The same saga; a worker may be lost in a step as often as there are statements in it."""
    del SAGAS[saga.name]
    steps = tuple(step if isinstance(step, Wait) else replace(step, retries=EVER) for step in saga.steps)
    trigger = saga.trigger and replace(saga.trigger, retries=EVER)
    return replace(saga, steps=steps, trigger=trigger)
