"""A scheduled task raises rollouts whose stage has lasted, and stops those whose guards are breached."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.audit.rollup.counting import roll_up
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.flags import listeners
from apps.flags.commands import PauseRollout
from apps.flags.events import FeatureFlagRolloutProgressed
from apps.flags.models import Kill, Rollout, RolloutStep
from apps.flags.rollouts import progress
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.notices.models import Notice
from tests.support.published_flags import KEY, OWNER, WEEK, document, plan, publish


def state(key=KEY):
    return Rollout.objects.filter(key=key).values_list("state", "stage").latest("pk")


def test_a_rollout_is_raised_when_its_stage_has_lasted(rollout_of, later):
    rollout_of()
    seen = []
    for hours in (0, 23, 24, 71, 72, 143, 144, 999):
        with later(hours=hours):
            progress.progress()
        seen.append(state())

    progressing = [("progressing", stage) for stage in (1, 1, 2, 2, 3, 3)]
    assert seen == [*progressing, ("completed", 3), ("completed", 3)]


def test_a_run_that_is_repeated_or_late_raises_by_one_stage_only(rollout_of, later):
    rollout_of()

    with later(days=30):
        progress.progress()
        progress.progress()
    assert state() == ("progressing", 2)
    with later(days=30, hours=47):
        progress.progress()
    assert state() == ("progressing", 2)
    with later(days=32):
        progress.progress()
    assert state() == ("progressing", 3)


def test_a_paused_rollout_is_not_raised(rollout_of, operator, later):
    rollout_of()
    dispatch(PauseRollout(key=KEY, reason="Wait."), actor=operator)

    with later(days=30):
        progress.progress()
    assert state() == ("paused", 1)


def test_a_killed_flag_pauses_its_rollout(rollout_of, later):
    rollout_of()
    Kill.objects.create(key=KEY, reason="Errors.", killed_at=now(), killed_by_name="Tess")

    with later(hours=24):
        progress.progress()
    assert state() == ("paused", 1)


def test_the_rollout_of_a_plan_that_is_no_longer_served_ends(rollout_of, later):
    rollout_of()
    with later(hours=1):
        publish(document(rollout=plan((50.0, 1))))
    with later(hours=2):
        progress.progress()
    assert state() == ("rolled_back", 1)


def test_one_rollout_that_fails_does_not_delay_the_others(rollout_of, later, monkeypatch):
    rollout_of(key="first")
    rollout_of(key="second")
    served = progress.served_revision

    def failing(key):
        if key == "first":
            raise RuntimeError("A fault.")
        return served(key)

    monkeypatch.setattr(progress, "served_revision", failing)
    with later(hours=24):
        progress.progress()
    assert (state("first"), state("second")) == (("progressing", 1), ("progressing", 2))


def test_a_change_by_the_schedule_is_recorded_as_the_system(rollout_of, later):
    rollout_of()
    with later(hours=24):
        progress.progress()

    step = RolloutStep.objects.latest("pk")
    assert (step.by_name, step.reason) == ("System (rollouts)", "Its stage has lasted.")


def failed_in(tenant, owner, all_ended):
    """Commands that fail, in the rollup of the tenant."""
    with activate(tenant):
        for _ in range(3):
            with pytest.raises(TypeError):  # no refusal: a fault of the program
                dispatch(FoundCompany(code=None, name="Plant", currency="EUR"), actor=owner)
        all_ended()
        roll_up()


@pytest.mark.parametrize(
    ("action", "expected"), [("pause", ("paused", 1)), ("roll_back", ("rolled_back", 1))]
)
def test_a_breached_guard_stops_the_rollout_as_the_system(
    rollout_of, acme, globex, owner, all_ended, action, expected
):
    """PostHog #22883: a rollout rolls itself back."""
    guard = {"measure": "failures", "module": "companies", "limit": 0.5, "minimum": 3, "action": action}
    rollout_of(plan((5.0, 24), (100.0, 24), guards=[guard]))
    progress.progress()
    assert state() == ("progressing", 1)

    failed_in(acme, owner, all_ended)
    progress.progress()

    step = RolloutStep.objects.latest("pk")
    assert state() == expected
    assert (step.by_name, step.percentage) == ("System (rollouts)", 5.0 if action == "pause" else 0.0)
    assert step.reason.startswith("A guard stopped it: failures of companies: ")


@pytest.mark.parametrize(("by_system", "notices"), [(True, 1), (False, 0)])
def test_the_owner_is_notified_when_a_guard_stops_a_rollout(rollout_of, by_system, notices):
    rollout = rollout_of(WEEK)
    listeners.announce_stopped_rollout(
        FeatureFlagRolloutProgressed(
            flag=KEY,
            rollout_id=rollout.pk,
            state="paused",
            targeting={"unit": "company", "canary": None, "stage": 1, "percentage": 1.0},
            reason="A guard stopped it: failures of sales: 50.00%, more than 2.00%.",
            by_system=by_system,
        )
    )

    stored = Notice.objects.filter(kind="feature_flag.rollout")
    assert stored.count() == notices
    for notice in stored:
        assert notice.to == [OWNER]
        assert "50.00%" in notice.text
        assert dt.timedelta(0) <= now() - notice.created_at
