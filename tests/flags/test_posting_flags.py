"""Flags that guard postings: by company, and within an open fiscal period changed only by approval, anywhere."""

from __future__ import annotations

import pytest

from apps.approvals.errors import ApprovalRequired
from apps.bus import dispatch
from apps.flags import hooks
from apps.flags.commands import ReviveFlag
from apps.flags.errors import FlagInvalid, PreviewMissing
from apps.flags.models import ChangeSet
from apps.flags.previews.sealing import sealed
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.periods import queries as periods
from tests.support.approvals import another_owner, approved
from tests.support.flag_changes import (
    changed,
    created,
    item,
    killed,
    narrowed,
    proposed,
    publication,
    published,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY, document, plan

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


PILOT = {"attribute": "company", "op": "in", "values": ["1"]}
BY_PILOT = {
    "posting": True,
    "default_variant": "off",
    "prerequisites": [{"flag": "sales.base", "variants": ["on"]}],
    "rules": [{"name": "pilot", "when": {"segment": "pilot"}, "serve": "on"}],
}


@pytest.fixture
def dependent(operator, second_operator, monkeypatch):
    """A flag that guards postings and names a segment and another flag, published outside of open periods."""
    with monkeypatch.context() as patched:
        patched.setattr(hooks, "_sources", [lambda day: ""])
        served_flag(operator, "sales.base")
        dispatch(publication(proposed(operator, segment("pilot", PILOT))), actor=operator)
        served_flag(operator, **BY_PILOT)


@pytest.mark.parametrize(
    "change",
    [
        lambda: segment("pilot", {**PILOT, "values": ["1", "2"]}),
        lambda: changed("sales.base", enabled=False),
        lambda: item("segment", "inner", {"format": 1, "key": "inner", "when": PILOT}),
    ],
)
def test_a_segment_or_flag_that_a_posting_flag_names_changes_by_approval(
    operator, second_operator, dependent, change
):
    items = [change()]
    if items[0].key == "inner":  # the segment of the flag names it from now on
        items.append(segment("pilot", {"segment": "inner"}))
    draft = proposed(operator, *items)

    with pytest.raises(ApprovalRequired):
        dispatch(publication(draft), actor=operator)

    assert approved(publication(draft), operator, second_operator).state == "executed"


def test_a_tenant_narrows_what_a_posting_flag_names_by_approval(owner, acme, dependent):
    with activate(acme):
        draft = proposed(owner, narrowed("sales.base", enabled=False))

        with pytest.raises(ApprovalRequired):
            dispatch(publication(draft), actor=owner)


def test_the_end_of_a_kill_of_what_a_posting_flag_names_needs_an_approval(operator, dependent):
    kill = killed(operator, "sales.base")

    with pytest.raises(ApprovalRequired):
        dispatch(ReviveFlag(kill_id=kill.pk, reason="Repaired."), actor=operator)


def test_a_tenant_that_cannot_be_reached_may_have_an_open_period(operator, posting, monkeypatch):
    monkeypatch.setattr(hooks, "_sources", [lambda day: ""])
    draft = proposed(operator, changed(**BY_COMPANY, enabled=False))
    draft.refresh_from_db()
    preview = {name: value for name, value in draft.preview.items() if name != "seal"}
    assert (preview["open_periods"], preview["unreachable"]) == ({}, [])
    unreachable = sealed(draft, {**preview, "unreachable": ["globex"]})
    ChangeSet.objects.filter(pk=draft.pk).update(preview=unreachable)

    with pytest.raises(ApprovalRequired):
        dispatch(publication(draft), actor=operator)


def test_stages_of_a_posting_flag_are_approved_as_they_begin_in_periods_to_come(
    operator, posting, monkeypatch
):
    monkeypatch.setattr(hooks, "_sources", [lambda day: ""])
    draft = proposed(operator, changed(posting=True, rollout=plan((5.0, 24), (100.0, 24))))

    with pytest.raises(ApprovalRequired):
        dispatch(publication(draft), actor=operator)


def test_an_inner_segment_of_a_posting_flag_with_a_test_of_users_is_refused(operator, second_operator):
    published(operator, segment("inner", {"op": "always"}), segment("outer", {"segment": "inner"}))
    rule = {"name": "r", "when": {"segment": "outer"}, "serve": "on"}
    draft = created(operator, document=document(**BY_COMPANY, rules=[rule]))
    assert approved(publication(draft), operator, second_operator).state == "executed"

    with pytest.raises(FlagInvalid, match="the segment 'inner' is not"):
        proposed(
            operator, segment("inner", {"attribute": "email", "op": "in", "values": ["a@bursar.example"]})
        )
