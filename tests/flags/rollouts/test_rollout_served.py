"""What a rollout has reached is served at once, to the canary segment and to the share of the units."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.flags import queries as flags
from apps.flags.commands import AdvanceRollout, RollBackRollout, RolloutFeature
from apps.flags.life_cycle import usage
from apps.flags.store import counts, served
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.published_flags import KEY, document, plan, publish

PLAN = plan((0.0, 24), (30.0, 24), (100.0, 24), canary="beta-testers")
COMPANIES = [str(number) for number in range(1, 1001)]


@pytest.fixture(autouse=True)
def fresh(db):
    served.SERVED.forget()
    yield
    served.SERVED.forget()


@pytest.fixture
def published():
    testers = {"attribute": "company", "op": "in", "values": ["7"]}
    publish({"format": 1, "key": "beta-testers", "when": testers}, "beta-testers", kind="segment")
    publish(document(rollout=PLAN))


def inside():
    return {company for company in COMPANIES if flags.evaluation(KEY, company=company).value}


def test_a_rollout_widens_from_the_canary_to_everyone_and_back(later, published, operator, acme, globex):
    seen = [inside()]
    dispatch(RolloutFeature(key=KEY, reason="As planned."), actor=operator)
    seen.append(inside())
    for hours in (24, 48, 72):
        with later(hours=hours):
            dispatch(AdvanceRollout(key=KEY, reason="As planned."), actor=operator)
        for tenant in (acme, globex):
            with activate(tenant):
                seen.append(inside())
    with later(hours=73):
        dispatch(RollBackRollout(key=KEY, reason="Errors."), actor=operator)
    seen.append(inside())

    none, canary, *stages, back = seen
    assert (none, canary, back) == (set(), {"7"}, set())
    assert stages[0] == stages[1] == {"7"}
    assert stages[2] == stages[3]
    assert {"7"} < stages[2]
    assert 250 < len(stages[2]) < 350
    assert stages[4] == set(COMPANIES)


def test_an_evaluation_as_of_a_past_instant_uses_the_stage_of_that_instant(later, published, operator):
    started = now()
    with later(minutes=1):
        dispatch(RolloutFeature(key=KEY, reason="As planned."), actor=operator)
    for hours in (24, 48, 72):
        with later(hours=hours, minutes=1):
            dispatch(AdvanceRollout(key=KEY, reason="As planned."), actor=operator)

    def value(company, as_of):
        return flags.explain(KEY, {"company": company}, as_of=as_of).evaluation.value

    with later(hours=1):
        assert (value("7", now()), value("8", now())) == (True, False)
    with later(hours=73):
        assert value("8", now()) is True
    assert value("7", started) is False


def test_evaluations_are_counted_by_variant_in_the_usage_of_the_flag(published, operator, acme):
    counts.export()  # what earlier tests have counted
    before = usage.served_since(now()).get(KEY, {}).get("off", 0)
    for company in ("7", "8", "9"):
        with activate(acme):
            flags.evaluation(KEY, company=company)
    with activate(None):
        counts.export()

    assert usage.served_since(now())[KEY]["off"] - before == 3
