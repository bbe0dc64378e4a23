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

from . import store
from .attempts import Outcome, attempt_inside, attempt_outside, evaluate
from .declaration import SAGAS
from .errors import RunIsBusy
from .events import SagaStuck
from .inline import inline, is_inline
from .models import Run
from .outcomes import after_error, after_refusal, after_timeout
from .planning import plan_of
from .plans import Attempt, Evaluation, Phase, Plan, Transition
from .scheduling import TAKEOVER_DELAY, schedule
from .steps import ExternalStep, Trigger
from .transitions import complete_compensation, complete_step, complete_wait, continue_waiting


def run_inline(run_id: int) -> Run:
    """Advance the run in this process, for a caller that waits for the outcome. Returns the run.

    There are no retries: a failure before the pivot compensates at once and is raised after the compensation; a later
    failure is left to the workers. Raises RunIsBusy while another process executes the run.
    """
    with store.execution_lock(run_id) as is_acquired, inline() as failures, emitting_only((SagaStuck,)):
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
        claimed = _claim(run_id, locks, resumed=resumed)
        if claimed is None:
            return False
        with correlated(claimed.correlation_id, causation=f"saga:{claimed.pk}"):
            plan = plan_of(claimed)
            return _make_transition(claimed, plan, attempt_outside(claimed, plan))


def _claim(run_id: int, locks: ExitStack, *, resumed: bool) -> Run | None:
    """The run with its new version, or None when it is not to be advanced now."""
    with unit_of_work():
        run = store.locked(run_id)
        if run is None or not _is_due(run, resumed=resumed):
            return None
        if _is_external(run) and not locks.enter_context(store.execution_lock(run_id)):
            schedule(run, after=TAKEOVER_DELAY)
            return None
        store.claim(run)
        return run


def _is_due(run: Run, *, resumed: bool) -> bool:
    """A resumed run evaluates its wait early, and a caller does not wait for the next attempt."""
    if run.needs_operator:
        return False
    is_early = run.next_at is not None and run.next_at > now()
    return not is_early or (resumed and (run.is_waiting or is_inline()))


def _is_external(run: Run) -> bool:
    saga = SAGAS.get(run.saga)
    return saga is not None and isinstance(saga.step(run.step), ExternalStep)


def _make_transition(claimed: Run, plan: Plan, outcome: Outcome | None) -> bool:
    with unit_of_work():
        run = store.locked_as_claimed(claimed)
        if run is None:
            return False
        match plan:
            case Transition():
                plan.apply(run)
            case Evaluation():
                _evaluate(run, plan)
            case Attempt():
                _conclude(run, plan, outcome or attempt_inside(run, plan))
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
