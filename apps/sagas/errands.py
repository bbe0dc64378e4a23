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
    return [_do(run, each, _Notes(run, saga, number, len(asked)), actor) for number, each in enumerate(asked)]


def _do(run: Run, asked: Asked, notes: _Notes, actor: Actor) -> Any:
    key = f"saga:{run.pk}:{run.direction}:{run.step}:{fingerprint_of(asked.command)}"
    with activate(asked.tenant), shown_by(notes.show, notes.begin):
        return dispatch_once(asked.command, actor=actor, key=key).result


class _Notes:
    """Notes how far the run is and at which stage, as the command says it of itself. Only the platform's runs have
    errands that take so long that somebody asks."""

    def __init__(self, run: Run, saga: Saga, number: int, of: int) -> None:
        self._run, self._saga, self._number, self._of = run, saga, number, of
        self._is_platform, self._noted_at, self._percent = current_tenant() is None, time.monotonic(), 0

    def begin(self, stage: str) -> None:
        if self._is_platform:
            runs.begin_stage(self._run, stage)
            self._noted_at = 0.0

    def show(self, done: int, total: int) -> None:
        """What is gone through twice, such as to compare it, is no way back."""
        if self._is_platform and time.monotonic() - self._noted_at >= SELDOM:
            share = (self._number + done / max(total, 1)) / self._of
            self._percent = max(self._percent, self._saga.percent_at(self._run.step, share))
            self._noted_at = time.monotonic()
            runs.is_at(self._run, self._percent)
