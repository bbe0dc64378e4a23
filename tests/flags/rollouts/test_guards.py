"""Guards: the figures of commands since the stage began, against a limit or against the time before."""

from __future__ import annotations

import pytest

from apps.audit.rollup.figures import Figures
from apps.flags.rollouts.guards import judge
from apps.flags.rollouts.plans import plan_of, problems
from tests.support.published_flags import document, plan

FAILURES = {"measure": "failures", "module": "sales", "limit": 0.02}


def guard(**members):
    parsed = plan_of({"rollout": plan((100.0, 1), guards=[{**FAILURES, **members}])})
    return parsed.guards[0]


def compared(**members):
    with_limit = guard(times=members.pop("times"), **members)
    return type(with_limit)(**{**vars(with_limit), "limit": None})


def test_more_failures_than_the_limit_are_a_breach():
    exceeded = judge(guard(), Figures(succeeded=90, failed=10), Figures())

    assert str(exceeded) == "failures of sales: 10.00%, more than 2.00%."
    assert judge(guard(), Figures(succeeded=98, failed=2), Figures()) is None


def test_too_few_commands_decide_nothing():
    assert judge(guard(), Figures(failed=19), Figures()) is None
    assert judge(guard(minimum=5), Figures(failed=5), Figures()) is not None


def test_refusals_and_durations_are_measured():
    slow = Figures(succeeded=10, refused=10, total_us=20 * 300_000)

    assert judge(guard(measure="refusals", limit=0.4), slow, Figures()) is not None
    assert judge(guard(measure="mean_ms", limit=299), slow, Figures()) is not None
    assert judge(guard(measure="mean_ms", limit=300), slow, Figures()) is None
    assert judge(guard(), slow, Figures()) is None


def test_a_multiple_compares_with_the_time_before():
    before = Figures(succeeded=95, failed=5)

    assert judge(compared(times=2), Figures(succeeded=90, failed=10), before) is None
    assert judge(compared(times=2), Figures(succeeded=89, failed=11), before) is not None
    assert judge(compared(times=2), Figures(succeeded=50, failed=50), Figures(failed=3)) is None


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"measure": "happiness"}, "measure_unknown", "/measure"),
        ({"command": "sales.place_order"}, "target_missing", ""),
        ({"times": 2}, "limit_missing", ""),
        ({"limit": -1}, "limit_invalid", ""),
        ({"limit": True}, "limit_invalid", ""),
        ({"minimum": 0}, "minimum_invalid", "/minimum"),
        ({"action": "explode"}, "action_unknown", "/action"),
        ({"scope": "planet"}, "scope_unknown", "/scope"),
        ({"colour": "red"}, "guard_invalid", "/colour"),
    ],
)
def test_a_guard_that_is_malformed_has_a_code_and_a_place(members, code, pointer):
    served = document(rollout=plan((100.0, 1), guards=[{**FAILURES, **members}]))

    assert [problem[:2] for problem in problems(served)] == [(code, f"/rollout/guards/0{pointer}")]


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([], "stages_invalid"),
        ([{"percentage": 1.0}], "stage_invalid"),
        ([{"percentage": 101, "dwell_s": 1}], "percentages_not_rising"),
        ([{"percentage": 5, "dwell_s": 1}, {"percentage": 4, "dwell_s": 1}], "percentages_not_rising"),
        ([{"percentage": 5, "dwell_s": -1}], "dwell_invalid"),
    ],
)
def test_a_plan_that_is_malformed_has_a_code(stages, code):
    assert [problem[0] for problem in problems(document(rollout={"unit": "user", "stages": stages}))] == [
        code
    ]


def test_a_plan_without_faults_has_no_problems():
    served = plan((1.0, 1), (100.0, 1), canary="beta-testers", guards=[FAILURES])

    assert list(problems(document(rollout=served))) == []
    assert list(problems(document(rollout={"unit": "user", "percentage": 5.0}))) == []


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"module": "sales"}, []),
        ({"command": "sales.place_order"}, []),
        ({"module": "sale"}, [("target_unknown", "/rollout/guards/0/module")]),
        ({"command": "sales.nope"}, [("target_unknown", "/rollout/guards/0/command")]),
    ],
)
def test_a_guard_names_a_command_or_module_of_the_product(target, expected):
    guard = {"measure": "failures", "limit": 0.02, **target}
    served = document(rollout=plan((100.0, 1), guards=[guard]))

    assert [problem[:2] for problem in problems(served, {"sales.place_order"})] == expected


def test_guards_without_stages_and_a_percentage_beside_them_are_refused():
    shares = {"unit": "user", "percentage": 5.0}

    assert [one[:2] for one in problems(document(rollout={**shares, "guards": [FAILURES]}))] == [
        ("guards_without_stages", "/rollout/guards")
    ]
    assert [one[:2] for one in problems(document(rollout={**plan((100.0, 1)), **shares}))] == [
        ("percentage_beside_stages", "/rollout/percentage")
    ]
