"""Handlers of operators' commands."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.envelope import current_envelope
from apps.kernel.actors import actor_label

from . import rules, runs
from .commands import CompensateSaga, RetrySaga, SkipSagaStep
from .models import LogEntry, Run


@handles(RetrySaga)
def retry_saga(command: RetrySaga) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)

    runs.retry_step(run, LogEntry.Kind.RETRIED, command.reason, _operator())
    return run


@handles(SkipSagaStep)
def skip_saga_step(command: SkipSagaStep) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)
    rules.run_must_need_an_operator(run)
    saga = rules.saga_must_be_known(run)

    runs.write_log(run, LogEntry.Kind.SKIPPED, command.reason, _operator())
    if run.direction == Run.Direction.FORWARD:
        runs.go_to(run, saga.after(run.step))
    else:
        run.completed_steps = run.completed_steps[:-1]
        runs.go_to(run, run.completed_steps[-1] if run.completed_steps else "")
    runs.schedule(run)
    return run


@handles(CompensateSaga)
def compensate_saga(command: CompensateSaga) -> Run:
    run = rules.run_must_be_in_progress(command.run_id)
    rules.run_must_not_be_compensating(run)

    runs.compensate(run, command.reason, actor_name=_operator())
    runs.schedule(run)
    return run


def _operator() -> str:
    envelope = current_envelope.get()
    return actor_label(envelope.actor)[:200] if envelope else ""
