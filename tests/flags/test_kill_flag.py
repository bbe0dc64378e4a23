"""Kills: off at once, with a reason and without an approval; a review afterwards; an end by approval."""

from __future__ import annotations

import pytest

from apps.approvals.errors import ApprovalRequired
from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.flags import queries
from apps.flags.commands import KillFlag, ReviewKill, ReviveFlag
from apps.flags.errors import (
    AlreadyKilled,
    FlagNotFound,
    KillFixed,
    KillNotFound,
    ReasonMissing,
    ReviewByAnotherPerson,
)
from apps.flags.models import Kill
from apps.identity.roles import permissions_of
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from tests.support.approvals import another_owner, approve, approved, requested
from tests.support.flag_changes import (
    changed,
    killed,
    narrowed,
    proposed,
    publication,
    published,
    served_flag,
)
from tests.support.published_flags import KEY

pytestmark = pytest.mark.exhaustive("each step of a kill", one_in=6)


def is_on(**context):
    return queries.rule_set().evaluate(KEY, None, context).value


@pytest.fixture
def flag(operator):
    return served_flag(operator)


def test_a_kill_is_served_at_once_whatever_the_revisions_say(operator, flag):
    killed(operator)

    assert is_on() is False
    published(operator, changed(roles=["controller"]))
    assert is_on(roles=["controller"]) is False


def test_in_production_a_kill_needs_no_approval_and_its_end_does(operator, second_operator, flag, settings):
    settings.ENVIRONMENT = "production"

    kill = killed(operator)

    assert is_on() is False
    with pytest.raises(ApprovalRequired):
        dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=operator)
    assert is_on() is False
    request = approved(ReviveFlag(kill_id=kill.pk, reason="Repaired."), operator, second_operator)
    assert (request.state, is_on()) == ("executed", True)


def test_the_approval_of_a_revival_is_void_after_another_publication(
    operator, second_operator, flag, settings
):
    kill = killed(operator)
    draft = proposed(operator, changed(enabled=False))
    settings.ENVIRONMENT = "production"
    request = requested(ReviveFlag(kill_id=kill.pk, reason="Repaired."), operator)
    settings.ENVIRONMENT = "test"
    dispatch(publication(draft), actor=operator)
    settings.ENVIRONMENT = "production"

    with pytest.raises(Exception, match="changed"):
        approve(request, second_operator)

    assert Kill.objects.get().is_active


def test_the_kill_is_published_and_recorded_with_its_reason(operator, flag):
    kill = killed(operator)

    event = OutboxEvent.objects.get(name="feature_flag.disabled")
    assert event.payload == {"key": KEY, "kill_id": kill.pk}
    record = Record.objects.get(command="flags.kill_flag")
    assert (record.reason, record.sentence) == (
        "Orders fail",
        f"{operator} killed the flag {KEY}: Orders fail.",
    )


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (KillFlag(key="no.flag", reason="x"), FlagNotFound),
        (KillFlag(key=KEY, reason=""), ReasonMissing),
        (ReviveFlag(kill_id=7, reason="x"), KillNotFound),
        (ReviewKill(kill_id=7, review="x"), KillNotFound),
    ],
)
def test_an_unknown_flag_or_kill_or_no_reason_is_refused(operator, flag, command, refusal):
    with pytest.raises(refusal):
        dispatch(command, actor=operator)


def test_a_second_kill_is_refused(operator, flag):
    killed(operator)

    with pytest.raises(AlreadyKilled):
        killed(operator)


def test_another_kill_after_a_revival_is_a_kill_of_its_own(operator, flag):
    first = killed(operator)
    dispatch(ReviveFlag(kill_id=first.pk, reason="Repaired."), actor=operator)

    second = killed(operator)

    assert [kill.pk for kill in queries.kills_of(KEY)] == [second.pk, first.pk]
    with pytest.raises(KillFixed):
        dispatch(ReviveFlag(kill_id=first.pk, reason="Repaired."), actor=operator)


class TestReview:
    def test_another_person_reviews_a_kill_once(self, operator, second_operator, flag):
        kill = killed(operator)

        dispatch(ReviewKill(kill_id=kill.pk, review="The provider was down."), actor=second_operator)

        kill.refresh_from_db()
        assert (kill.reviewed_by_id, kill.review) == (second_operator.pk, "The provider was down.")
        assert not queries.unreviewed_kills()
        with pytest.raises(KillFixed):
            dispatch(ReviewKill(kill_id=kill.pk, review="Again."), actor=second_operator)

    @pytest.mark.parametrize("reviewer", ["author", "system"])
    def test_a_review_by_the_author_or_a_system_is_refused(self, operator, flag, reviewer):
        kill = killed(operator)

        with pytest.raises(ReviewByAnotherPerson):
            actor = operator if reviewer == "author" else System("The command line")
            dispatch(ReviewKill(kill_id=kill.pk, review="Fine."), actor=actor)

        assert queries.unreviewed_kills() == [kill]


class TestInATenant:
    def test_an_administrator_kills_a_flag_of_the_platform_for_the_own_tenant_only(
        self, owner, acme, globex, flag
    ):
        with activate(acme):
            killed(owner)
            assert is_on() is False
        with activate(globex):
            assert is_on() is True
        assert is_on() is True

    def test_an_own_kill_ends_without_effect_on_a_kill_of_the_platform(self, operator, owner, acme, flag):
        with activate(acme):
            kill = killed(owner)
        killed(operator)

        with activate(acme):
            dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=owner)
            assert is_on() is False

    def test_an_override_does_not_revive_what_the_platform_killed(self, operator, owner, acme, flag):
        killed(operator)

        with activate(acme):
            published(owner, narrowed(enabled=True, percentage=100.0))
            assert is_on() is False

    def test_administrators_kill_and_others_do_not(self, controller, acme, flag):
        assert "flags.kill_flag" in permissions_of("owner")
        with activate(acme), pytest.raises(PermissionDenied):
            killed(controller)

    def test_in_production_the_end_of_a_kill_needs_another_administrator(self, owner, acme, flag, settings):
        colleague = another_owner(acme)
        settings.ENVIRONMENT = "production"
        with activate(acme):
            kill = killed(owner)
            with pytest.raises(ApprovalRequired):
                dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=owner)
            request = approved(ReviveFlag(kill_id=kill.pk, reason="Repaired."), owner, colleague)
            assert (request.state, is_on()) == ("executed", True)
