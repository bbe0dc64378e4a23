"""Validation of operators' commands on a run."""

from __future__ import annotations

from .declaration import SAGAS, Saga
from .errors import SagaAlreadyCompensating, SagaHasEnded, SagaNeedsNoOperator, SagaRunUnknown, StepUnknown
from .models import Run


def run_must_be_in_progress(run_id: int) -> Run:
    """The run, locked and claimed: an executor that has claimed it before loses it."""
    run = Run.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise SagaRunUnknown(run_id=run_id)
    if run.finished_at:
        raise SagaHasEnded(run=run, state=run.get_state_display().lower())
    run.version += 1
    return run


def run_must_need_an_operator(run: Run) -> None:
    if not run.needs_operator:
        raise SagaNeedsNoOperator(run=run, state=run.get_state_display().lower())


def run_must_not_be_compensating(run: Run) -> None:
    if run.is_compensating:
        raise SagaAlreadyCompensating(run=run)


def saga_must_be_known(run: Run) -> Saga:
    saga = SAGAS.get(run.saga)
    if saga is None or saga.step(run.step) is None:
        raise StepUnknown(step=run.step, saga=run.saga)
    return saga
