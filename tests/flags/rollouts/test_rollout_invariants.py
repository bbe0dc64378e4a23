"""The database refuses what is outside the plan that is served, for raw SQL of the runtime too."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from apps.bus import dispatch
from apps.flags import errors
from apps.flags.commands import AdvanceRollout, PauseRollout, RollBackRollout, RollOutFlag
from apps.flags.models import Kill, Rollout
from apps.flags.rollouts import stages
from apps.kernel.clock import now
from tests.support.published_flags import KEY, document, plan, publish
from tests.support.sqlstate import NO_RIGHT, refused

FORM, OUTSIDE, LASTS, KILLED, UNIQUE = "BF021", "BF022", "BF023", "BF026", "23505"
SOON = "changed_at = stage_since + interval '{hours} h', stage_since = stage_since + interval '{hours} h'"
INSERT = (
    "INSERT INTO flags_rollout (key, revision_id, state, stage, percentage, stage_since, started_at, changed_at,"
    " changed_by_name, reason) VALUES ('{key}', {revision}, '{state}', {stage}, {percentage}, now(), now(), now(),"
    " 'x', 'x')"
)


def inserted(revision, **values):
    return INSERT.format(
        **{"key": KEY, "state": "initiated", "stage": 0, "percentage": 0, **values}, revision=revision.pk
    )


def test_a_stage_outside_the_plan_is_refused(rollout_of, later):
    rollout_of()
    soon = SOON.format(hours=24)
    statements = {
        "UPDATE flags_rollout SET percentage = 100": OUTSIDE,
        "UPDATE flags_rollout SET stage = 2": OUTSIDE,
        f"UPDATE flags_rollout SET stage = 2, percentage = 30, {soon}": OUTSIDE,
        f"UPDATE flags_rollout SET stage = 3, percentage = 100, {soon}": OUTSIDE,
        f"UPDATE flags_rollout SET stage = 4, percentage = 100, {soon}": OUTSIDE,
        f"UPDATE flags_rollout SET stage = 0, percentage = 0, {soon}": OUTSIDE,
        "UPDATE flags_rollout SET state = 'completed', ended_at = now()": OUTSIDE,
        "UPDATE flags_rollout SET state = 'rolled_back', ended_at = now()": OUTSIDE,
        "UPDATE flags_rollout SET stage = 2, percentage = 25": LASTS,
        f"UPDATE flags_rollout SET stage = 2, percentage = 25, {SOON.format(hours=23)}": LASTS,
        "UPDATE flags_rollout SET stage = 2, percentage = 25, changed_at = now()": LASTS,
        "UPDATE flags_rollout SET stage_since = stage_since - interval '24 h'": FORM,
        "UPDATE flags_rollout SET state = 'initiated'": FORM,
        "UPDATE flags_rollout SET key = 'another'": FORM,
        "UPDATE flags_rollout SET started_at = now() - interval '1 y'": FORM,
        "UPDATE flags_rollout SET state = 'done'": FORM,
        "DELETE FROM flags_rollout": NO_RIGHT,
        "TRUNCATE flags_rollout CASCADE": NO_RIGHT,
    }

    assert {statement: refused(statement) for statement in statements} == statements


def test_a_stage_of_another_revision_is_refused(rollout_of, later):
    rollout = rollout_of()
    other = publish(document(rollout=plan((100.0, 0))))

    assert refused(f"UPDATE flags_rollout SET revision_id = {other.pk}") == FORM
    assert refused(f"UPDATE flags_rollout SET stage = 2, percentage = 25, {SOON.format(hours=24)}") == OUTSIDE
    assert refused(inserted(other)) == UNIQUE
    assert refused(inserted(rollout.revision)) == OUTSIDE


def test_a_rollout_of_a_draft_or_of_a_later_revision_is_refused(rollout_of):
    publish(document())
    effective_at = now() + dt.timedelta(days=2)
    to_come = publish(document(rollout=plan((100.0, 0))), effective_at=effective_at)
    drafted = publish(document(rollout=plan((100.0, 0))), state="draft")

    assert refused(inserted(to_come)) == OUTSIDE
    assert refused(inserted(to_come, key="another")) == OUTSIDE
    assert refused(inserted(drafted)) == OUTSIDE
    assert not Rollout.objects.exists()


def test_a_rollout_begins_at_its_beginning(operator):
    revision = publish(document(rollout=plan((10.0, 24), (100.0, 0))))

    assert refused(inserted(revision, state="progressing", stage=1, percentage=10)) == FORM
    assert refused(inserted(revision, stage=1, percentage=10)) == FORM
    assert refused(inserted(revision, percentage=10)) == OUTSIDE


def test_a_paused_rollout_is_not_raised(rollout_of, operator, later):
    rollout_of()
    dispatch(PauseRollout(key=KEY, reason="Wait."), actor=operator)

    statement = (
        f"UPDATE flags_rollout SET state = 'progressing', stage = 2, percentage = 25, {SOON.format(hours=24)}"
    )
    assert refused(statement) == LASTS


def test_a_rollout_that_was_rolled_back_stays_so(rollout_of, operator):
    rollout_of()
    dispatch(RollBackRollout(key=KEY, reason="Errors."), actor=operator)

    assert refused("UPDATE flags_rollout SET state = 'progressing', ended_at = NULL, percentage = 1") == FORM
    assert refused("UPDATE flags_rollout SET reason = 'x'") == FORM


def test_steps_are_written_by_the_database_only(rollout_of, operator, later):
    rollout_of()
    with later(hours=24):
        dispatch(AdvanceRollout(key=KEY, reason="As planned."), actor=operator)

    statements = {
        "UPDATE flags_rolloutstep SET percentage = 0": NO_RIGHT,
        "DELETE FROM flags_rolloutstep": NO_RIGHT,
        "TRUNCATE flags_rolloutstep": NO_RIGHT,
        "INSERT INTO flags_rolloutstep (rollout_id, key, revision_id, state, stage, percentage, at, by_name, reason)"
        " SELECT rollout_id, key, revision_id, state, 3, 100, at, 'x', 'x' FROM flags_rolloutstep": NO_RIGHT,
    }
    assert {statement: refused(statement) for statement in statements} == statements


def test_an_extension_is_counted(rollout_of):
    rollout_of()

    assert refused("UPDATE flags_flag SET expires_on = expires_on + 1") == "BF024"
    assert refused("UPDATE flags_flag SET extensions = extensions - 1") == "BF024"


def test_a_step_is_recorded_only_with_the_targeting_that_is_served(rollout_of, operator):
    rollout_of()
    forged = {**stages.served_targeting(KEY), "enabled": False}

    with pytest.raises(errors.RolloutOutsidePlan):
        dispatch(RollOutFlag(key=KEY, before={}, targeting=forged), actor=operator)


def test_the_rollout_of_a_killed_flag_is_paused_or_rolled_back_only(rollout_of):
    rollout_of(plan((5.0, 0), (100.0, 0)))
    other = publish(document("sales.other", rollout=plan((5.0, 0))), "sales.other")
    for key in (KEY, "sales.other"):
        Kill.objects.create(key=key, reason="Errors.", killed_at=now(), killed_by_name="Tess")
    further = "UPDATE flags_rollout SET stage = 2, percentage = 100, changed_at = now(), stage_since = now()"
    resumed = "UPDATE flags_rollout SET state = 'progressing', changed_at = now(), stage_since = now()"

    assert refused(further) == KILLED
    assert refused(inserted(other, key="sales.other")) == KILLED
    with connection.cursor() as cursor:
        cursor.execute("UPDATE flags_rollout SET state = 'paused', changed_at = now()")
    assert refused(resumed) == KILLED
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE flags_rollout SET state = 'rolled_back', percentage = 0, ended_at = now(), changed_at = now()"
        )


def test_a_stage_does_not_begin_in_the_future(rollout_of):
    """Otherwise two statements would say that all stages have lasted."""
    rollout_of()
    statements = (
        f"UPDATE flags_rollout SET stage = 2, percentage = 25, {SOON.format(hours=24)}",
        "UPDATE flags_rollout SET changed_at = now() + interval '1 minute'",
        "UPDATE flags_rollout SET stage_since = now() + interval '1 minute'",
    )

    assert {refused(statement) for statement in statements} == {FORM}


def test_a_rollout_does_not_begin_before_it_is_stored(db):
    revision = publish(document(rollout=plan((10.0, 24), (100.0, 0), canary="beta-testers")))
    statement = inserted(revision).replace("now(), now(), now()", "now() - interval '7 d', now(), now()")

    assert refused(statement) == FORM
