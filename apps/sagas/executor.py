"""Execution of a run: one transition after the other, each in a transaction with its effects.

An executor first claims the run, in a separate transaction that counts the attempt and raises the run's version, and
plans the transition. The transition happens in a second transaction that must find this version unchanged. A crash in a
step is thus counted, and of two executors the later claim wins; the other finds a newer version and stops. An external
step runs between the two transactions, in one executor at a time.
"""

from __future__ import annotations

from contextlib import ExitStack

from apps.events import emitting_only
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal

from . import claims
from .attempts import Outcome, attempt_step, evaluate
from .errors import RunIsBusy
from .events import SagaStuck
from .external_steps import attempt_external_step
from .inline import inline
from .models import Run
from .outcomes import after_error, after_refusal, after_timeout
from .planning import plan_of
from .plans import Attempt, Evaluation, Phase, Plan, Transition
from .steps import ExternalStep, Trigger
from .transitions import complete_compensation, complete_step, complete_wait, continue_waiting


def run_inline(run_id: int) -> Run:
    """Advance the run in this process, for a caller that waits for the outcome. Returns the run.

    There are no retries: a failure before the pivot compensates at once and is raised after the compensation; a later
    failure is left to the workers. Raises RunIsBusy while another process executes the run.
    """
    with inline() as failures, claims.execution_lock(run_id) as is_acquired, emitting_only((SagaStuck,)):
        if not is_acquired:
            busy = Run.objects.get(pk=run_id)
            raise RunIsBusy(run=busy, step=busy.step)
        advance(run_id, resumed=True)
        run = Run.objects.get(pk=run_id)
    if failures and run.is_compensating:
        raise failures[0]
    return run


def advance(run_id: int, *, resumed: bool = False) -> None:
    """Advance the run until it ends, waits, pauses before another attempt, or needs an operator."""
    while _advance_once(run_id, resumed=resumed):
        resumed = False


def _advance_once(run_id: int, *, resumed: bool) -> bool:
    """Make one transition. Returns whether the next can follow at once."""
    with ExitStack() as locks:
        claimed = claims.claim(run_id, locks, resumed=resumed)
        if claimed is None:
            return False
        with correlated(claimed.correlation_id, causation=f"saga:{claimed.pk}"):
            plan = plan_of(claimed)
            return _make_transition(claimed, plan, _attempt_outside(claimed, plan))


def _attempt_outside(run: Run, plan: Plan) -> Outcome | None:
    """The outcome of an external step; None for all else, which belongs into the transaction of the transition."""
    if isinstance(plan, Attempt) and isinstance(plan.step, ExternalStep):
        return attempt_external_step(run, plan)
    return None


def _make_transition(claimed: Run, plan: Plan, outcome: Outcome | None) -> bool:
    with unit_of_work():
        run = claims.locked_as_claimed(claimed)
        if run is None:
            return False
        match plan:
            case Transition():
                plan.apply(run)
            case Evaluation():
                _evaluate(run, plan)
            case Attempt():
                _conclude(run, plan, outcome or attempt_step(run, plan))
    return run.can_continue


def _evaluate(run: Run, evaluation: Evaluation) -> None:
    try:
        is_over = evaluate(run, evaluation)
    except Refusal as refusal:
        return after_refusal(evaluation, refusal).apply(run)
    if is_over:
        return complete_wait(run, evaluation.saga, evaluation.wait)
    if run.waits_until and run.waits_until < now():
        return after_timeout(run, evaluation).apply(run)
    return continue_waiting(run, evaluation.wait)


def _conclude(run: Run, attempt: Attempt, outcome: Outcome) -> None:
    if outcome.error:
        return after_error(run, attempt, outcome.error).apply(run)
    if attempt.phase == Phase.COMPENSATING or isinstance(attempt.step, Trigger):
        return complete_compensation(run)
    return complete_step(run, attempt.saga, attempt.step, outcome.result)
