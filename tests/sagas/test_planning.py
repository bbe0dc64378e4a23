"""The plan of a run, and the transition after an error, without a database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from apps.bus.errors import FeatureOff, RequestInFlight
from apps.kernel.clock import now
from apps.kernel.errors import Conflict, Unavailable
from apps.sagas import transitions
from apps.sagas.declaration import SAGAS, Saga
from apps.sagas.inline import inline
from apps.sagas.models import LogEntry, Run
from apps.sagas.outcomes import ON_ERROR, Failure, after_error
from apps.sagas.planning import plan_of
from apps.sagas.plans import Attempt, Evaluation, Phase, Transition
from apps.sagas.steps import NO_COMPENSATION, ScopedCommand, Step, Trigger, Wait


@dataclass(frozen=True)
class Nothing:
    pass


class Refused(Conflict):
    message = "Refused."


class Away(Unavailable):
    message = "Away."


class NotYet(Conflict):
    message = "Not yet."
    postpones = True


OFF = FeatureOff(title="Post an entry", feature="ledger")
IN_FLIGHT = RequestInFlight(key="k")


def act(data: Nothing) -> ScopedCommand:
    raise AssertionError("A plan runs no command.")


@pytest.fixture
def saga() -> Iterator[Saga]:
    yield Saga(
        name="tests.plan_ahead",
        title="Planning",
        data=Nothing,
        trigger=Trigger("order", compensation=act),
        steps=(
            Step("reserve", act, compensation=act, retries=2),
            Step("note", act, compensation=NO_COMPENSATION),
            Wait("payment", until=lambda data: True),
            Step("invoice", act, pivot=True),
            Step("send", act),
        ),
    )
    del SAGAS["tests.plan_ahead"]


def run_at(step: str, *completed: str, **fields: object) -> Run:
    values = {"deadline_at": now() + dt.timedelta(days=1), "attempts": 1, **fields}
    return Run(saga="tests.plan_ahead", subject="order:1", step=step, completed_steps=[*completed], **values)


def compensating_at(step: str, **fields: object) -> Run:
    return run_at(step, direction=Run.Direction.COMPENSATING, **fields)


def test_a_step_is_attempted(saga):
    assert plan_of(run_at("reserve")) == Attempt(saga, saga.steps[0], Phase.BEFORE_PIVOT, act)


def test_a_step_after_the_pivot_is_attempted_also_past_the_deadline(saga):
    late = run_at("send", "reserve", "note", "invoice", deadline_at=now() - dt.timedelta(1))

    assert plan_of(late) == Attempt(saga, saga.steps[4], Phase.AFTER_PIVOT, act)


def test_a_wait_is_evaluated(saga):
    assert plan_of(run_at("payment", "reserve")) == Evaluation(saga, saga.steps[2], Phase.BEFORE_PIVOT)


def test_a_compensation_is_attempted_past_the_deadline(saga):
    late = compensating_at("reserve", deadline_at=now() - dt.timedelta(1))

    assert plan_of(late) == Attempt(saga, saga.steps[0], Phase.COMPENSATING, act)


def test_the_trigger_is_compensated(saga):
    assert plan_of(compensating_at("order")) == Attempt(saga, saga.trigger, Phase.COMPENSATING, act)


@pytest.mark.parametrize(
    ("run", "move"),
    [
        (run_at("reserve", deadline_at=now() - dt.timedelta(1)), transitions.compensate),
        (run_at("gone"), transitions.stop_for_operator),
        (run_at("order"), transitions.stop_for_operator),
        (run_at("reserve", attempts=4), transitions.compensate),
        (run_at("send", "invoice", attempts=5), transitions.stop_for_operator),
        (compensating_at("reserve", attempts=4), transitions.stop_for_operator),
        (compensating_at("note"), transitions.complete_compensation),
        (compensating_at("payment"), transitions.complete_compensation),
        (compensating_at("send"), transitions.stop_for_operator),
    ],
    ids=[
        "past its deadline",
        "at an unknown step",
        "at its trigger",
        "after a lost worker in each attempt",
        "the same after the pivot",
        "the same in a compensation",
        "compensating a step without effects",
        "compensating a wait",
        "compensating a step without compensation",
    ],
)
def test_a_run_moves_without_an_attempt(saga, run, move):
    plan = plan_of(run)

    assert isinstance(plan, Transition)
    assert plan.move is move


@pytest.mark.parametrize("error", [Away(), IN_FLIGHT, OFF, NotYet(), Refused(), ZeroDivisionError("a bug")])
@pytest.mark.parametrize("phase", Phase)
def test_an_error_leads_to_the_move_of_the_table(saga, phase, error):
    transition = after_error(run_at("reserve"), Attempt(saga, saga.steps[0], phase, act), error)

    is_final = phase == Phase.BEFORE_PIVOT and isinstance(error, Refused)
    is_pause = phase != Phase.COMPENSATING and (error is OFF or isinstance(error, NotYet))
    assert transition.move is (
        transitions.compensate if is_final else transitions.pause if is_pause else transitions.retry_later
    )
    assert transition.log == (LogEntry.Kind.REFUSED if is_final else None)


@pytest.mark.parametrize(
    ("phase", "move"),
    [
        (Phase.BEFORE_PIVOT, transitions.compensate),
        (Phase.AFTER_PIVOT, transitions.stop_for_operator),
        (Phase.COMPENSATING, transitions.stop_for_operator),
    ],
)
def test_the_error_of_the_last_attempt_is_final(saga, phase, move):
    attempt = Attempt(saga, saga.steps[0], phase, act)

    assert after_error(run_at("reserve", attempts=2), attempt, Away()).move is transitions.retry_later
    assert after_error(run_at("reserve", attempts=3), attempt, Away()) == Transition(
        move, "Away.", log=LogEntry.Kind.FAILED
    )


def test_an_error_of_an_inline_run_before_the_pivot_is_final(saga):
    before, after = (
        Attempt(saga, saga.steps[0], phase, act) for phase in (Phase.BEFORE_PIVOT, Phase.AFTER_PIVOT)
    )

    with inline():
        assert after_error(run_at("reserve"), before, Away()).move is transitions.compensate
        assert after_error(run_at("reserve"), before, OFF).log == LogEntry.Kind.REFUSED
        assert after_error(run_at("reserve"), after, Away()).move is transitions.retry_later


def test_the_reason_names_the_stage_of_the_error(saga):
    attempt = Attempt(saga, saga.steps[0], Phase.AFTER_PIVOT, act)

    assert after_error(run_at("reserve", stage="export"), attempt, Away()).reason == "At “export”: Away."


def test_every_phase_has_a_move_for_every_failure():
    assert {phase: set(moves) for phase, moves in ON_ERROR.items()} == {
        phase: set(Failure) for phase in Phase
    }
