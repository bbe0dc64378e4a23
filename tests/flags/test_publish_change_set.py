"""Publications: what is served afterwards, conflicts of drafts, effective dates, and the audit log."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.events.models import OutboxEvent
from apps.flags import queries
from apps.flags.commands import CancelScheduledChange, PublishChangeSet, RollOutFlag
from apps.flags.errors import ChangeSetFixed, ChangeSetNotFound, FlagConflict, FlagInvalid, ReasonMissing
from apps.flags.models import ChangeSet, Flag, Revision
from apps.kernel import clock
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.schedules.commands import CancelScheduledCommand, ScheduleCommand
from tests.support.flag_changes import (
    FOR_CONTROLLERS,
    HALF,
    REASON,
    changed,
    created,
    item,
    narrowed,
    proposed,
    publication,
    published,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY, document

pytestmark = pytest.mark.exhaustive("each outcome of a publication", one_in=5)


def test_a_published_revision_is_served_and_published_once(operator):
    draft = created(operator)

    dispatch(publication(draft), actor=operator)

    assert queries.rule_set().evaluate(KEY, None, {"user": "7"}).value is True
    with pytest.raises(ChangeSetFixed):
        dispatch(publication(draft), actor=operator)


def test_the_event_names_what_changed(operator):
    served_flag(operator)

    change_set = published(operator, changed(enabled=False), segment("beta", {"op": "always"}))

    event = OutboxEvent.objects.filter(name="feature_flag.changed").latest("pk")
    assert event.payload["change_set_id"] == change_set.pk
    assert set(event.payload["keys"]) == {f"flag:{KEY}", "segment:beta"}


def test_two_change_sets_from_one_base_the_second_meets_a_conflict_with_a_three_way_diff(operator):
    served_flag(operator)
    first = proposed(operator, changed(enabled=False))
    second = proposed(operator, changed(enabled=True, roles=["controller"]))
    dispatch(publication(first), actor=operator)

    with pytest.raises(FlagConflict) as caught:
        dispatch(publication(second), actor=operator)

    second.refresh_from_db()
    assert second.state == ChangeSet.State.VOID
    diff = {one["place"]: one for one in json.loads(caught.value.context["diff"])}
    assert diff["/enabled"] == {"place": "/enabled", "base": True, "published": False, "proposed": True}
    assert queries.latest("flag", KEY).change_set == first


def test_drafts_of_other_flags_stay(operator):
    served_flag(operator)
    served_flag(operator, "other")
    draft = proposed(operator, changed("other", enabled=False))

    published(operator, changed(enabled=False))

    draft.refresh_from_db()
    assert draft.is_draft


def test_documents_are_validated_again_when_they_are_published(operator):
    """A scheduled publication meets what was published in between."""
    served_flag(operator, "needed")
    served_flag(operator)
    draft = proposed(operator, changed(prerequisites=[{"flag": "needed", "variants": ["on"]}]))
    published(operator, item("flag", "needed", None))

    with pytest.raises(FlagInvalid):
        dispatch(publication(draft), actor=operator)


def test_a_change_with_a_date_is_served_from_that_instant_on(operator):
    served_flag(operator)
    noon = now() + dt.timedelta(days=1)

    published(operator, changed(enabled=False), effective_at=noon)

    rules = queries.rule_set()
    assert rules.evaluate(KEY, None, {}, as_of=noon - dt.timedelta(seconds=1)).value is True
    assert rules.evaluate(KEY, None, {}, as_of=noon).value is False


def test_a_cancelled_change_does_not_come_back_after_a_newer_publication(operator):
    """Stopped at 13:55, a change of 14:00 is not served."""
    served_flag(operator)
    noon = now() + dt.timedelta(days=1)
    waiting = published(operator, changed(enabled=False), effective_at=noon)
    dispatch(CancelScheduledChange(change_set_id=waiting.pk, reason="Stopped."), actor=operator)

    published(operator, changed(roles=["controller"]))

    later = queries.rule_set().evaluate(
        KEY, None, {"roles": ["controller"]}, as_of=noon + dt.timedelta(days=1)
    )
    assert later.value is True
    with clock.moved_to(noon + dt.timedelta(days=1)):
        assert next(entry.revision.document["roles"] for entry in queries.history("flag", KEY)) == [
            "controller"
        ]


def test_a_draft_whose_date_has_passed_is_effective_from_its_publication(operator):
    """Approved late, after a downtime for example: one step, and nothing is served retroactively."""
    served_flag(operator)
    soon = now() + dt.timedelta(minutes=1)
    draft = proposed(operator, changed(enabled=False), effective_at=soon)

    with clock.moved_to(soon + dt.timedelta(days=2)):
        dispatch(publication(draft), actor=operator)
        entry = queries.history("flag", KEY)[0]
        assert entry.effective_from == ChangeSet.objects.get(pk=draft.pk).published_at > soon


def test_a_removed_flag_is_retired_and_a_restored_one_is_not(operator):
    first = served_flag(operator)
    published(operator, item("flag", KEY, None))
    assert Flag.objects.get(key=KEY).is_retired

    published(operator, changed())

    assert not Flag.objects.get(key=KEY).is_retired
    assert first.revisions.get() != queries.latest("flag", KEY)


@pytest.mark.parametrize(
    "command",
    [PublishChangeSet(change_set_id=0, reason=REASON), PublishChangeSet(change_set_id=1, reason="")],
)
def test_an_unknown_change_set_or_no_reason_is_refused(operator, command):
    with pytest.raises((ChangeSetNotFound, ReasonMissing)):
        dispatch(command, actor=operator)


class TestScheduled:
    @pytest.fixture
    def draft(self, operator):
        served_flag(operator)
        return proposed(operator, changed(enabled=False))

    @pytest.fixture
    def scheduled(self, operator, draft):
        tomorrow = (now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
        command = ScheduleCommand(
            command="flags.publish_change_set",
            arguments={"change_set_id": draft.pk, "reason": REASON},
            local_time=tomorrow,
            time_zone="Europe/Berlin",
            reason=REASON,
        )
        return dispatch(command, actor=operator)

    def test_a_cancelled_publication_does_not_happen(self, operator, draft, scheduled):
        dispatch(CancelScheduledCommand(scheduled_command_id=scheduled.pk, reason="Stop."), actor=operator)

        draft.refresh_from_db()
        assert draft.is_draft


class TestAudit:
    """One record for each committed change, in its transaction, with the differences field by field."""

    def test_the_record_of_a_publication_has_the_differences(self, operator):
        served_flag(operator)

        published(operator, changed(rollout=HALF, roles=["controller"]))

        record = Record.objects.filter(command="flags.publish_change_set").latest("pk")
        changes = {(one["object"], one["field"]): one for one in record.changes}
        change = changes[f"flags.flag:{KEY}", "/roles/0"]
        assert (change["before"], change["after"]) == (None, "controller")
        assert (f"flags.flag:{KEY}", "/rollout/percentage") in changes
        assert record.reason == REASON

    def test_a_change_of_targeting_is_recorded_as_feature_flag_rolled_out_and_published(self, operator):
        served_flag(operator)

        published(operator, changed(rules=FOR_CONTROLLERS, rollout=HALF))

        record = Record.objects.filter(command="feature_flag.rolled_out").latest("pk")
        assert (record.request["key"], record.sentence) == (KEY, f"{operator} rolled out the flag {KEY}.")
        assert [(one["object"], one["field"]) for one in record.changes] == [
            (f"feature_flag:{KEY}", "targeting")
        ]
        assert record.request["targeting"]["rollout"] == HALF
        assert record.request["targeting"]["rules"] == FOR_CONTROLLERS
        event = OutboxEvent.objects.filter(name="feature_flag.rolled_out").latest("pk")
        assert (event.payload["flag"], event.payload["targeting"]["rollout"]) == (KEY, HALF)

    def test_a_change_of_conflict_rules_alone_rolls_out_nothing(self, operator):
        served_flag(operator, "other", enabled=False)
        served_flag(operator)
        before = Record.objects.filter(command="feature_flag.rolled_out").count()

        published(operator, changed(excludes=["other"]))

        assert Record.objects.filter(command="feature_flag.rolled_out").count() == before

    def test_a_rollout_outside_of_a_publication_is_refused(self, operator):
        change_set = served_flag(operator)

        with pytest.raises(ChangeSetNotFound):
            dispatch(
                RollOutFlag(key=KEY, before={}, targeting={}, change_set_id=change_set.pk), actor=operator
            )

    def test_a_refused_publication_changes_nothing_and_is_recorded(self, operator):
        draft = created(operator)

        with pytest.raises(ReasonMissing):
            dispatch(PublishChangeSet(change_set_id=draft.pk, reason=" "), actor=operator)

        record = Record.objects.filter(command="flags.publish_change_set").latest("pk")
        assert (record.outcome, record.refusals[0]["code"]) == ("refused", "flags.reason_missing")
        assert not Revision.objects.published().exists()


def test_history_has_every_revision_with_its_differences_the_newest_first(operator):
    served_flag(operator)
    published(operator, changed(enabled=False))

    newest, oldest = queries.history("flag", KEY)

    assert newest.differences == [("/enabled", True, False)]
    assert ("/key", None, KEY) in oldest.differences
    assert (newest.reason, newest.author_name) == (REASON, operator.name)


def test_the_same_key_in_two_tenants_has_a_history_each(operator, owner, acme, globex):
    served_flag(operator)
    with activate(acme):
        published(owner, narrowed(enabled=False))
        assert len(queries.history("override", KEY)) == 1
        assert queries.rule_set().evaluate(KEY, None, {"roles": []}).value is False
    with activate(globex):
        assert not queries.history("override", KEY)
        assert queries.rule_set().evaluate(KEY, None, {"roles": []}).value is True
    assert document() == queries.latest("flag", KEY).document
