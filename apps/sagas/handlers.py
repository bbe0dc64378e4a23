"""How an operator's wish reaches a run."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.envelope import current_envelope
from apps.kernel.actors import both_names

from . import rules, runs
from .commands import RetrySaga, SkipSagaStep, TurnSagaBack
from .models import Happening, Run


@handles(RetrySaga)
def retry_saga(command: RetrySaga) -> Run:
    run = rules.run_must_be_under_way(command.run_id)

    runs.resume(run, Happening.What.RETRIED, command.reason, _operator())
    return run


@handles(SkipSagaStep)
def skip_saga_step(command: SkipSagaStep) -> Run:
    run = rules.run_must_be_under_way(command.run_id)
    rules.run_must_need_an_operator(run)
    saga = rules.saga_must_be_known(run)

    runs.note(run, Happening.What.SKIPPED, command.reason, _operator())
    if run.direction == Run.Direction.FORTH:
        runs.go_to(run, saga.after(run.step))
    else:
        run.done = run.done[:-1]
        runs.go_to(run, run.done[-1] if run.done else "")
    runs.call(run)
    return run


@handles(TurnSagaBack)
def turn_saga_back(command: TurnSagaBack) -> Run:
    run = rules.run_must_be_under_way(command.run_id)
    rules.run_must_go_forward(run)

    runs.turn_back(run, command.reason, actor_name=_operator())
    runs.call(run)
    return run


def _operator() -> str:
    envelope = current_envelope.get()
    return both_names(envelope.actor)[:200] if envelope else ""
