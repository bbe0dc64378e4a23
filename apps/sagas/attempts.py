"""Attempts at the command of a step, or at the evaluation of a wait, in the transaction of the transition."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.bus import Command, dispatch
from apps.kernel.actors import Steward, System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, sentence_of
from apps.kernel.tenant import current_tenant

from . import inline
from .data import data_of
from .declaration import Saga
from .models import Run
from .plans import Attempt, Evaluation

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """Result or error of one attempt."""

    result: Any = None
    error: Exception | None = None


def attempt_step(run: Run, attempt: Attempt) -> Outcome:
    return outcome_of(run, lambda: _dispatch(run, attempt))


def _dispatch(run: Run, attempt: Attempt) -> Any:
    """In a savepoint of the transition."""
    command = attempt.commands(data_of(run, attempt.saga))
    with unit_of_work():
        return dispatch(command, actor=steward(run, attempt.saga)) if isinstance(command, Command) else None


def outcome_of(run: Run, function: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(result=function())
    except Exception as error:
        if not isinstance(error, Refusal):
            log.exception("%s failed at “%s”.", run, run.step)
        inline.collect(error)
        return Outcome(error=error)


def steward(run: Run, saga: Saga) -> System:
    """The actor of every step: the saga itself, since the user that started it may lack permissions of later steps."""
    kind = System if current_tenant() else Steward
    return kind(f"{saga.title}, started by {run.actor_name}")


def evaluate(run: Run, evaluation: Evaluation) -> bool:
    """Whether the condition is met; False when its evaluation fails. Raises its Refusal."""
    try:
        with unit_of_work():
            return evaluation.wait.until(data_of(run, evaluation.saga))
    except Refusal:
        raise
    except Exception as error:
        log.exception("%s could not evaluate “%s”.", run, evaluation.wait.name)
        run.last_error = sentence_of(error)[:2000]
        return False
