"""Execution of external steps: commands outside the transaction of the run, each once and in its own scope."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from apps.bus import dispatch_once
from apps.bus.idempotency.fingerprints import fingerprint_of
from apps.kernel.actors import Actor
from apps.kernel.progress import shown_by
from apps.kernel.tenant import activate, current_tenant

from . import store
from .attempts import Outcome, outcome_of, steward
from .data import data_of
from .declaration import Saga
from .models import Run
from .plans import Attempt
from .steps import ScopedCommand

PROGRESS_INTERVAL_S = 0.5
"""Seconds between two updates of the progress."""


def attempt_external_step(run: Run, attempt: Attempt) -> Outcome:
    return outcome_of(run, lambda: _execute_all(run, attempt))


def _execute_all(run: Run, attempt: Attempt) -> Sequence[Any]:
    """Returns the result of each command, in order. Raises the first error; later commands are not dispatched then."""
    saga, actor = attempt.saga, steward(run, attempt.saga)
    scoped = list(attempt.commands(data_of(run, saga)) or ())
    return [
        _execute(run, command, _Reporter(run, saga, number, len(scoped)), actor)
        for number, command in enumerate(scoped)
    ]


def _execute(run: Run, scoped: ScopedCommand, reporter: _Reporter, actor: Actor) -> Any:
    key = f"saga:{run.pk}:{run.direction}:{run.step}:{fingerprint_of(scoped.command)}"
    with activate(scoped.tenant), shown_by(reporter.show, reporter.begin):
        return dispatch_once(scoped.command, actor=actor, key=key).result


class _Reporter:
    """Saves the progress and the stage of a command on the run. Only for runs of the platform: those of a tenant have
    no steps long enough to need it."""

    def __init__(self, run: Run, saga: Saga, number: int, of: int) -> None:
        self._run, self._saga, self._number, self._of = run, saga, number, of
        self._is_platform, self._saved_at, self._percent = current_tenant() is None, time.monotonic(), 0

    def begin(self, stage: str) -> None:
        if self._is_platform:
            store.begin_stage(self._run, stage)
            self._saved_at = 0.0

    def show(self, done: int, total: int) -> None:
        """Progress never decreases, also where the command iterates twice over the same rows."""
        if self._is_platform and time.monotonic() - self._saved_at >= PROGRESS_INTERVAL_S:
            share = (self._number + done / max(total, 1)) / self._of
            self._percent = max(self._percent, self._saga.percent_at(self._run.step, share))
            self._saved_at = time.monotonic()
            store.save_progress(self._run, self._percent)
