"""Flags that guard postings: by company, and within an open fiscal period changed only by approval, anywhere."""

from __future__ import annotations

import pytest

from apps.approvals.errors import ApprovalRequired
from apps.bus import dispatch
from apps.flags import hooks
from apps.flags.commands import ReviveFlag
from apps.flags.errors import PreviewMissing
from apps.flags.models import ChangeSet
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.periods import queries as periods
from tests.support.approvals import another_owner, approved
from tests.support.flag_changes import changed, created, killed, narrowed, proposed, publication, served_flag
from tests.support.published_flags import KEY, document

pytestmark = pytest.mark.exhaustive("each change of a flag that guards postings", one_in=4)

BY_COMPANY = {"posting": True, "rollout": {"unit": "company", "percentage": 100.0}}


@pytest.fixture
def posting(operator, second_operator):
    draft = created(operator, document=document(**BY_COMPANY))
    assert approved(publication(draft), operator, second_operator).state == "executed"


def test_the_open_period_of_today_is_the_hook_of_periods(at_acme):
    assert hooks.open_period_on(today()) == periods.period_of(today()).code


def test_a_change_within_an_open_period_needs_an_approval_outside_production_too(
    operator, second_operator, posting
):
    draft = proposed(operator, changed(**BY_COMPANY, enabled=False))

    draft.refresh_from_db()
    assert set(draft.preview["open_periods"]) == {"acme", "globex"}
    with pytest.raises(ApprovalRequired):
        dispatch(publication(draft), actor=operator)
    assert approved(publication(draft), operator, second_operator).state == "executed"


def test_a_change_outside_of_open_periods_needs_none(operator, posting, monkeypatch):
    monkeypatch.setattr(hooks, "_sources", [lambda day: ""])
    draft = proposed(operator, changed(**BY_COMPANY, enabled=False))

    dispatch(publication(draft), actor=operator)

    draft.refresh_from_db()
    assert draft.state == "published"


def test_a_flag_that_stops_guarding_postings_is_one_still(operator, posting):
    draft = proposed(operator, changed())

    with pytest.raises(ApprovalRequired):
        dispatch(publication(draft), actor=operator)


def test_other_flags_need_none(operator):
    served_flag(operator)

    assert ChangeSet.objects.get().state == "published"


def test_without_a_preview_the_periods_are_unknown_and_it_is_refused(operator, posting):
    draft = proposed(operator, changed(**BY_COMPANY, enabled=False))
    ChangeSet.objects.filter(pk=draft.pk).update(preview=None)

    with pytest.raises(PreviewMissing):
        dispatch(publication(draft), actor=operator)


def test_an_override_of_a_tenant_needs_the_approval_of_another_administrator(owner, acme, posting):
    colleague = another_owner(acme)
    with activate(acme):
        draft = proposed(owner, narrowed(enabled=False))
        with pytest.raises(ApprovalRequired):
            dispatch(publication(draft), actor=owner)

        assert approved(publication(draft), owner, colleague).state == "executed"


def test_a_kill_needs_none_and_its_end_does(operator, posting):
    kill = killed(operator)

    with pytest.raises(ApprovalRequired):
        dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=operator)
    assert kill.key == KEY
