"""What is done apart from a run's own transaction: one command after the other, each once, each where it belongs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from apps.bus import dispatch_once
from apps.bus.idempotency import fingerprint_of
from apps.kernel.actors import Actor
from apps.kernel.progress import shown_by
from apps.kernel.tenant import activate, current_tenant

from . import runs
from .base import Asked, Saga
from .models import Run

SELDOM = 0.5
"""Seconds between two notes of how far a command is."""


def do(run: Run, saga: Saga, ask: Callable[[Any], Iterable[Asked] | None], *, actor: Actor) -> Sequence[Any]:
    """Returns what came of each command, in order. Raises what the first one raises that fails; the others wait."""
    asked = list(ask(runs.data_of(run, saga)) or ())
    return [
        _do(run, each, _noting(run, saga, number, len(asked)), actor) for number, each in enumerate(asked)
    ]


def _do(run: Run, asked: Asked, note: Callable[[int, int], None], actor: Actor) -> Any:
    key = f"saga:{run.pk}:{run.direction}:{run.step}:{fingerprint_of(asked.command)}"
    with activate(asked.tenant), shown_by(note):
        return dispatch_once(asked.command, actor=actor, key=key).result


def _noting(run: Run, saga: Saga, number: int, of: int) -> Callable[[int, int], None]:
    """Notes how far the run is, as the command says how far itself is. Only the platform's runs have errands that take
    so long that somebody asks."""
    is_platform, noted_at = current_tenant() is None, time.monotonic()

    def note(done: int, total: int) -> None:
        nonlocal noted_at
        if is_platform and time.monotonic() - noted_at >= SELDOM:
            noted_at = time.monotonic()
            runs.is_at(run, saga.percent_at(run.step, (number + done / max(total, 1)) / of))

    return note
