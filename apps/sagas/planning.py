"""The plan of the next transition, made of the run and its declaration before anything is changed."""

from __future__ import annotations

from apps.kernel.clock import now

from .declaration import SAGAS, Saga
from .errors import DeadlinePassed, StepUnknown, WorkerLost
from .models import Run
from .plans import ON_FAILURE, Attempt, Evaluation, Phase, Plan, Transition
from .steps import NO_COMPENSATION, AnyStep, Trigger, Wait
from .transitions import compensate, complete_compensation, stop_for_operator


def plan_of(run: Run) -> Plan:
    saga = SAGAS.get(run.saga)
    step = saga.step(run.step) if saga else None
    if saga is None or step is None:
        return _unknown_step(run)
    if run.is_compensating:
        return _plan_of_compensation(run, saga, step)
    return _plan_of_action(run, saga, step)


def _unknown_step(run: Run) -> Plan:
    return Transition(stop_for_operator, str(StepUnknown(step=run.step, saga=run.saga)))


def _plan_of_action(run: Run, saga: Saga, step: AnyStep) -> Plan:
    phase = Phase.AFTER_PIVOT if _is_past_pivot(run, saga) else Phase.BEFORE_PIVOT
    if phase == Phase.BEFORE_PIVOT and run.deadline_at < now():
        late = DeadlinePassed(what=run, deadline=f"{run.deadline_at:%Y-%m-%d %H:%M} UTC")
        return Transition(compensate, str(late))
    if isinstance(step, Wait):
        return Evaluation(saga, step, phase)
    if isinstance(step, Trigger):
        return _unknown_step(run)
    return _unless_exhausted(run, Attempt(saga, step, phase, step.action))


def _is_past_pivot(run: Run, saga: Saga) -> bool:
    pivots = {step.name for step in saga.steps if not isinstance(step, Wait) and step.pivot}
    return not pivots.isdisjoint(run.completed_steps)


def _plan_of_compensation(run: Run, saga: Saga, step: AnyStep) -> Plan:
    if isinstance(step, Wait) or step.compensation is NO_COMPENSATION:
        return Transition(complete_compensation, "Nothing to compensate.")
    if step.compensation is None:
        reason = f"“{step.name}” has no compensation: reverse it by hand, then skip it."
        return Transition(stop_for_operator, reason)
    return _unless_exhausted(run, Attempt(saga, step, Phase.COMPENSATING, step.compensation))


def _unless_exhausted(run: Run, attempt: Attempt) -> Plan:
    """The error of the last attempt decides on the run: one more attempt is counted only if a worker was lost."""
    allowed = attempt.step.retries + 1
    if run.attempts <= allowed:
        return attempt
    return Transition(ON_FAILURE[attempt.phase], str(WorkerLost(attempts=allowed, step=attempt.step.name)))
