"""Handlers of operators' commands."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.envelope import current_envelope
from apps.kernel.actors import actor_label

from . import rules, transitions
from .commands import CompensateSaga, RetrySaga, SkipSagaStep
from .models import Run
from .scheduling import schedule


@handles(RetrySaga)
def retry_saga(command: RetrySaga) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)

    transitions.retry_step(run, command.reason, _operator())

    schedule(run)
    return run


@handles(SkipSagaStep)
def skip_saga_step(command: SkipSagaStep) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)
    rules.run_must_need_an_operator(run)
    saga = rules.saga_must_be_known(run)

    transitions.skip_step(run, saga, command.reason, _operator())

    schedule(run)
    return run


@handles(CompensateSaga)
def compensate_saga(command: CompensateSaga) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)
    rules.run_must_not_be_compensating(run)

    transitions.compensate_by_operator(run, command.reason, _operator())

    schedule(run)
    return run


def _operator() -> str:
    envelope = current_envelope.get()
    return actor_label(envelope.actor)[:200] if envelope else ""
