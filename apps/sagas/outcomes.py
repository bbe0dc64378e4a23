"""The transition after an attempt or an evaluation that was refused or failed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from apps.bus.errors import FeatureOff, RequestInFlight
from apps.kernel.errors import Refusal, Unavailable, sentence_of

from .errors import DeadlinePassed
from .inline import is_inline
from .models import LogEntry, Run
from .plans import ON_FAILURE, Attempt, Evaluation, Move, Phase, Transition
from .transitions import compensate, pause, retry_later


class Failure(Enum):
    """The kinds of errors of an attempt. A feature may be off for long, and an open period may be missing, so such an
    attempt is not counted."""

    FEATURE_OFF = auto()
    POSTPONED = auto()
    UNAVAILABLE = auto()
    REFUSED = auto()
    FAULT = auto()


ON_ERROR: Mapping[Phase, Mapping[Failure, Move]] = {
    Phase.BEFORE_PIVOT: {
        Failure.FEATURE_OFF: pause,
        Failure.POSTPONED: pause,
        Failure.UNAVAILABLE: retry_later,
        Failure.REFUSED: compensate,
        Failure.FAULT: retry_later,
    },
    Phase.AFTER_PIVOT: {
        Failure.FEATURE_OFF: pause,
        Failure.POSTPONED: pause,
        Failure.UNAVAILABLE: retry_later,
        Failure.REFUSED: retry_later,
        Failure.FAULT: retry_later,
    },
    Phase.COMPENSATING: dict.fromkeys(Failure, retry_later),
}


def after_error(run: Run, attempt: Attempt, error: Exception) -> Transition:
    move, reason = ON_ERROR[attempt.phase][_failure_of(error)], _reason_of(run, error)
    if move is compensate:
        return Transition(move, reason, log=LogEntry.Kind.REFUSED)
    if move is retry_later and _is_last(run, attempt):
        return Transition(ON_FAILURE[attempt.phase], reason, log=LogEntry.Kind.FAILED)
    return Transition(move, reason)


def _failure_of(error: Exception) -> Failure:
    match error:
        case FeatureOff() if not is_inline():
            return Failure.FEATURE_OFF
        case Refusal(postpones=True) if not is_inline():
            return Failure.POSTPONED
        case Unavailable() | RequestInFlight():
            return Failure.UNAVAILABLE
        case Refusal():
            return Failure.REFUSED
        case _:
            return Failure.FAULT


def _reason_of(run: Run, error: Exception) -> str:
    """The message of the error, with the stage in which it occurred."""
    message = sentence_of(error)
    return f"At “{run.stage}”: {message}" if run.stage else message


def _is_last(run: Run, attempt: Attempt) -> bool:
    """Before the pivot a caller that waits for the outcome gets the error at once."""
    return run.attempts > attempt.step.retries or (is_inline() and attempt.phase == Phase.BEFORE_PIVOT)


def after_refusal(evaluation: Evaluation, refusal: Refusal) -> Transition:
    """The condition can no longer be met."""
    log = LogEntry.Kind.REFUSED if evaluation.phase == Phase.BEFORE_PIVOT else None
    return Transition(ON_FAILURE[evaluation.phase], str(refusal), log)


def after_timeout(run: Run, evaluation: Evaluation) -> Transition:
    deadline = f"{run.waits_until:%Y-%m-%d %H:%M} UTC"
    late = DeadlinePassed(what=f"“{evaluation.wait.name}”", deadline=deadline)
    return Transition(ON_FAILURE[evaluation.phase], str(late))
