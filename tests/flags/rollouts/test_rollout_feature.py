"""A rollout follows the published plan: initiated, progressing, completed; paused or rolled back."""

from __future__ import annotations

import json
import logging

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PlatformOnly
from apps.events.models import OutboxEvent
from apps.flags import errors
from apps.flags.commands import (
    AdvanceRollout,
    KillFlag,
    PauseRollout,
    ResumeRollout,
    ReviveFlag,
    RollBackRollout,
    RolloutFeature,
)
from apps.flags.errors import RolloutOfKilledFlag
from apps.flags.models import Rollout, RolloutStep
from apps.flags.rollouts import stages
from apps.flags.rollouts.duration import ROLLOUT_SECONDS
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.approvals import approve, requested
from tests.support.published_flags import KEY, WEEK, document, plan, publish

REASON = "As planned."


def served_percentage(key=KEY, served=WEEK, as_of=None):
    merged = stages.merged(document(key, rollout=served), stages.reached(as_of).get(key))
    return merged["rollout"]["percentage"]


def advance(operator, key=KEY):
    return dispatch(AdvanceRollout(key=key, reason=REASON), actor=operator)


def steps():
    return list(RolloutStep.objects.order_by("pk").values_list("state", "stage", "percentage"))


def test_a_rollout_goes_from_initiated_through_its_stages_to_completed(rollout_of, operator, later):
    rollout_of()
    for hours in (24, 72, 144):
        with later(hours=hours):
            advance(operator)

    assert steps() == [
        ("initiated", 0, 0.0),
        ("progressing", 1, 1.0),
        ("progressing", 2, 25.0),
        ("progressing", 3, 100.0),
        ("completed", 3, 100.0),
    ]
    assert served_percentage() == 100.0


def test_the_canary_segment_is_alone_inside_before_the_first_stage(rollout_of, operator, later):
    served = plan((10.0, 24), (100.0, 24), canary="beta-testers")
    rollout_of(served)

    before = stages.merged(document(rollout=served), None)["rollout"]
    initiated = stages.merged(document(rollout=served), stages.reached()[KEY])["rollout"]
    assert before == {"unit": "company", "percentage": 0.0}
    assert initiated == {"unit": "company", "percentage": 0.0, "canary": "beta-testers"}
    with later(hours=24):
        assert advance(operator).percentage == 10.0


def test_a_plan_that_was_not_started_serves_no_one(operator):
    publish(document(rollout=WEEK))

    assert served_percentage() == 0.0


def test_a_stage_that_still_lasts_is_not_left(rollout_of, operator, later):
    rollout_of()

    with later(hours=23), pytest.raises(errors.RolloutStageLasts):
        advance(operator)
    assert served_percentage() == 1.0


def test_a_paused_rollout_holds_its_percentage_and_lasts_anew_when_resumed(rollout_of, operator, later):
    rollout_of()
    with later(hours=23):
        dispatch(PauseRollout(key=KEY, reason=REASON), actor=operator)
    with later(hours=24):
        with pytest.raises(errors.RolloutStepRefused):
            advance(operator)
        dispatch(ResumeRollout(key=KEY, reason=REASON), actor=operator)
        with pytest.raises(errors.RolloutStageLasts):
            advance(operator)
    assert served_percentage() == 1.0
    with later(hours=48):
        assert advance(operator).percentage == 25.0


@pytest.mark.parametrize("state", ["initiated", "progressing", "paused", "completed"])
def test_a_rollout_of_any_state_is_rolled_back_at_once(rollout_of, operator, later, state):
    rollout_of(plan((100.0, 1), canary="beta-testers" if state == "initiated" else None))
    if state == "paused":
        dispatch(PauseRollout(key=KEY, reason=REASON), actor=operator)
    if state == "completed":
        with later(hours=1):
            advance(operator)
    with later(hours=2):
        rollout = dispatch(RollBackRollout(key=KEY, reason=REASON), actor=operator)

    assert (rollout.state, rollout.percentage) == ("rolled_back", 0.0)
    assert steps()[-2][0] == state
    assert stages.merged(document(rollout=rollout.revision.document["rollout"]), stages.reached()[KEY])[
        "rollout"
    ] == {
        "unit": "company",
        "percentage": 0.0,
    }


def test_a_plan_that_was_rolled_back_starts_again_only_after_another_publication(rollout_of, operator):
    rollout_of()
    dispatch(RollBackRollout(key=KEY, reason=REASON), actor=operator)
    start = RolloutFeature(key=KEY, reason=REASON)

    with pytest.raises(errors.RolloutWasStarted):
        dispatch(start, actor=operator)
    publish(document(rollout=WEEK))
    assert served_percentage() == 0.0
    dispatch(start, actor=operator)
    assert served_percentage() == 1.0


def test_a_revision_with_the_same_plan_continues_its_rollout(rollout_of, operator, later):
    rollout_of()
    publish(document(rollout=WEEK, description="Another wording."))

    with pytest.raises(errors.RolloutInProgress):
        dispatch(RolloutFeature(key=KEY, reason=REASON), actor=operator)
    with later(hours=24):
        assert advance(operator).percentage == 25.0


def test_a_revision_with_another_plan_starts_at_its_own_first_stage(rollout_of, operator):
    first = rollout_of()
    other = plan((5.0, 24), (50.0, 24))
    publish(document(rollout=other))
    with pytest.raises(errors.RolloutOutsidePlan):
        dispatch(PauseRollout(key=KEY, reason=REASON), actor=operator)
    assert served_percentage(served=other) == 0.0

    dispatch(RolloutFeature(key=KEY, reason=REASON), actor=operator)

    first.refresh_from_db()
    assert first.state == "rolled_back"
    assert served_percentage(served=other) == 5.0


def test_the_state_of_a_past_instant_is_replayed(rollout_of, operator, later):
    rollout_of()
    with later(hours=24):
        advance(operator)
    with later(hours=30):
        dispatch(RollBackRollout(key=KEY, reason=REASON), actor=operator)

    moments = {}
    for hours in (-1, 1, 25, 31):
        with later(hours=hours):
            moments[hours] = served_percentage(as_of=now())
    assert moments == {-1: 0.0, 1: 1.0, 25: 25.0, 31: 0.0}


def test_a_step_is_audited_with_flag_and_targeting_and_published(rollout_of, operator, later, caplog):
    rollout_of()
    with caplog.at_level(logging.INFO, logger="bursar.flags.rollouts"), later(hours=24):
        advance(operator)

    command, record = Record.objects.order_by("-pk")[:2][::-1]
    if command.command != "flags.advance_rollout":
        command, record = record, command
    assert (command.command, record.command) == ("flags.advance_rollout", "feature_flag.rolled_out")
    assert command.correlation_id == record.correlation_id
    assert (record.subject_type, KEY in record.sentence) == ("flags.flag", True)
    (targeting,) = (change for change in record.changes if change["field"] == "targeting")
    assert targeting["object"] == f"feature_flag:{KEY}"
    percentages = [json.loads(targeting[side])["rollout"]["percentage"] for side in ("before", "after")]
    assert percentages == [1.0, 25.0]
    rolled_out, event = OutboxEvent.objects.order_by("-pk")[:2][::-1]
    assert (rolled_out.name, rolled_out.payload["flag"]) == ("feature_flag.rolled_out", KEY)
    assert rolled_out.payload["targeting"]["rollout"]["percentage"] == 25.0
    assert event.name == "feature_flag.rollout_progressed"
    event = OutboxEvent.objects.filter(name="feature_flag.rollout_progressed").order_by("-pk")[0]
    assert event.payload["flag"] == KEY
    assert event.payload["targeting"] == {"unit": "company", "canary": None, "stage": 2, "percentage": 25.0}
    assert f"The rollout of {KEY} is progressing at 25 %." in caplog.messages


def test_the_duration_of_a_rollout_is_measured(rollout_of, operator, later):
    before = ROLLOUT_SECONDS.labels("rolled_back")._sum.get()
    rollout_of()
    with later(hours=2):
        dispatch(RollBackRollout(key=KEY, reason=REASON), actor=operator)

    assert round(ROLLOUT_SECONDS.labels("rolled_back")._sum.get() - before) == 7200


def test_a_flag_without_stages_or_without_a_published_revision_is_not_rolled_out(operator):
    publish(document())
    publish(document(rollout=WEEK), "sales.drafted", kind="segment")

    for key, refusal in {KEY: errors.RolloutNotPlanned, "no.such": errors.FlagNotFound}.items():
        with pytest.raises(refusal):
            dispatch(RolloutFeature(key=key, reason=REASON), actor=operator)
    with pytest.raises(errors.RolloutNotFound):
        advance(operator)
    assert not Rollout.objects.exists()


def test_each_step_needs_a_reason_and_a_permission_of_the_platform(rollout_of, operator, owner, acme):
    rollout_of()

    with pytest.raises(errors.ReasonMissing):
        dispatch(RollBackRollout(key=KEY, reason=" "), actor=operator)
    with activate(acme), pytest.raises(PlatformOnly):
        dispatch(RollBackRollout(key=KEY, reason=REASON), actor=owner)


@pytest.mark.parametrize("is_paused", [False, True])
def test_the_rollout_of_a_killed_flag_waits_for_the_revival(rollout_of, operator, later, is_paused):
    rollout = rollout_of(plan((5.0, 1), (100.0, 1)))
    if is_paused:
        dispatch(PauseRollout(key=KEY, reason="A look first."), actor=operator)
    kill = dispatch(KillFlag(key=KEY, reason="Errors."), actor=operator)
    step = ResumeRollout if is_paused else AdvanceRollout

    with later(hours=2), pytest.raises(RolloutOfKilledFlag):
        dispatch(step(key=KEY, reason="On."), actor=operator)

    rollout.refresh_from_db()
    assert rollout.percentage == 5.0
    dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=operator)
    with later(hours=2):
        dispatch(step(key=KEY, reason="On."), actor=operator)


def test_a_rollout_does_not_start_during_a_kill(operator):
    publish(document(rollout=plan((5.0, 1))))
    dispatch(KillFlag(key=KEY, reason="Errors."), actor=operator)

    with pytest.raises(RolloutOfKilledFlag):
        dispatch(RolloutFeature(key=KEY, reason="As planned."), actor=operator)


def test_the_approval_of_a_revival_is_void_after_a_step_of_the_rollout(
    rollout_of, operator, second_operator, settings
):
    rollout_of(plan((5.0, 0), (100.0, 0)))
    kill = dispatch(KillFlag(key=KEY, reason="Errors."), actor=operator)
    settings.ENVIRONMENT = "production"
    request = requested(ReviveFlag(kill_id=kill.pk, reason="Repaired."), operator)
    dispatch(RollBackRollout(key=KEY, reason="Back to none."), actor=operator)

    with pytest.raises(Exception, match="changed"):
        approve(request, second_operator)

    kill.refresh_from_db()
    assert kill.is_active
