"""The middleware of idempotency: plan first (what do the keys of the request say?), then act.

used key  command       action
--------  ------------  --------------------------------------------------------------
yes       any           replay: the stored result, and fresh keys are stored with it
no        atomic        execute: the keys are stored in the transaction of the command
no        long-running  execute: the keys are stored after the last step
"""

from __future__ import annotations

from typing import Any

from apps.bus.envelope import Envelope, Next
from apps.kernel.db.unit_of_work import unit_of_work

from . import claims, keys
from .plans import Plan, plan_of, request_must_be_the_same
from .results import restored


def idempotency(envelope: Envelope, next: Next) -> Any:
    """Returns the result of an earlier identical request, or executes the request and stores its outcome.

    Raises RequestInFlight while an identical request runs, KeyReused for a key of another request, FactConflict when
    the fact is recorded with other values.
    """
    claimed = claims.claims_of(envelope)
    if envelope.is_dry_run or not claimed:
        return next(envelope)
    if envelope.command.atomic:
        for claim in claimed:
            claims.hold(claim)
    plan = plan_of(claimed)
    request_must_be_the_same(plan)
    if plan.is_repeated:
        return _replay(envelope, plan)
    return (_execute if envelope.command.atomic else _execute_long_running)(envelope, next, plan)


def _replay(envelope: Envelope, plan: Plan) -> Any:
    envelope.repeated, envelope.response = True, plan.response
    envelope.before_commit.append(lambda result: keys.remember(envelope, plan.fresh, result))
    return restored(plan.result)


def _execute(envelope: Envelope, next: Next, plan: Plan) -> Any:
    envelope.before_commit.append(lambda result: keys.remember(envelope, plan.fresh, result))
    return next(envelope)


def _execute_long_running(envelope: Envelope, next: Next, plan: Plan) -> Any:
    """The steps commit one by one, so the key is claimed at the end; until then the rules of the command refuse a
    second request."""
    result = next(envelope)
    if envelope.render_response:
        envelope.response = envelope.render_response(result)
    with unit_of_work():
        keys.remember(envelope, plan.fresh, result)
    return result
