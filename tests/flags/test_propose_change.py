"""Drafts: validated as a whole, all problems together; edits of drafts; tenants only narrow."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from apps.bus import dispatch
from apps.flags.commands import UpdateFlag, WithdrawChangeSet
from apps.flags.errors import (
    ChangeSetFixed,
    DuplicateChange,
    EffectiveInThePast,
    FlagConflict,
    FlagInvalid,
    FlagNotFound,
    FlagsAreOfThePlatform,
    NothingChanged,
)
from apps.flags.models import ChangeSet, Revision
from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
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

pytestmark = pytest.mark.exhaustive("each problem of a document", one_in=6)


def refused(actor, *items, **fields):
    """The problems by kind of refusal, code and place."""
    drafts = ChangeSet.objects.count()
    with pytest.raises(Refusal) as caught:
        proposed(actor, *items, **fields)
    assert ChangeSet.objects.count() == drafts, "a refused change left a draft"
    return {
        (type(refusal), refusal.context.get("problem"), refusal.context.get("place"))
        for refusal in caught.value.refusals
    }


def codes(actor, *items):
    return {(code, place) for _, code, place in refused(actor, *items)}


def test_a_draft_has_its_content_base_author_and_digest(operator):
    base = served_flag(operator).revisions.get()

    draft = proposed(operator, changed(rollout=HALF), segment("beta", {"op": "always"}))

    flag = draft.revisions.get(kind="flag")
    assert (flag.base, flag.document["rollout"]) == (base, HALF)
    assert (draft.author_id, draft.author_name) == (operator.pk, operator.name)
    assert len(draft.digest) == len(flag.digest) == 64


def test_update_flag_makes_a_draft_of_one_document(operator):
    base = served_flag(operator).revisions.get()

    draft = dispatch(
        UpdateFlag(key=KEY, document=document(roles=["controller"]), base=base.pk, reason=REASON),
        actor=operator,
    )

    assert draft.revisions.get().document["roles"] == ["controller"]


def test_all_problems_of_all_documents_are_refused_together_with_their_places(operator):
    served_flag(operator)
    served_flag(operator, "other")
    wrong = [
        {"name": "x", "when": {"attribute": "ip", "op": "cidr", "values": ["10.0.0.0/99"]}, "serve": "on"}
    ]

    problems = codes(
        operator,
        changed(rules=wrong, rollout={"unit": "user", "percentage": 140.0}),
        changed("other", prerequisites=[{"flag": "missing", "variants": ["on"]}]),
    )

    places = {place.rsplit("/values")[0] for _, place in problems}
    assert places >= {"/rules/0/when", "/rollout/percentage", "/prerequisites/0/flag"}, problems


@pytest.mark.parametrize(
    "members",
    [
        {"rollout": {"unit": "user", "percentage": 100.001}},
        {
            "rules": [
                {
                    "name": "x",
                    "when": {"attribute": "ip", "op": "cidr", "values": ["300.1.1.1"]},
                    "serve": "on",
                }
            ]
        },
        {
            "rules": [
                {
                    "name": "x",
                    "when": {"attribute": "now", "op": "before", "values": ["2026-02-30"]},
                    "serve": "on",
                }
            ]
        },
        {
            "rules": [
                {"name": "x", "when": {"attribute": "shoe_size", "op": "eq", "values": [44]}, "serve": "on"}
            ]
        },
        {"rules": [{"name": "x", "when": {"segment": "missing"}, "serve": "on"}]},
        {"rules": [{"name": "x", "when": {"op": "always"}, "serve": "purple"}]},
        {
            "rules": [
                {"name": "all", "when": {"op": "always"}, "serve": "on"},
                {
                    "name": "unreachable",
                    "when": {"attribute": "user", "op": "in", "values": ["7"]},
                    "serve": "off",
                },
            ]
        },
        {"prerequisites": [{"flag": KEY, "variants": ["on"]}]},
        {"format": 2},
        {"type": "string"},
        {"posting": True, "rollout": HALF},
        {"requires": ["missing"]},
        {"unknown": 1},
    ],
    ids=lambda members: next(iter(members)),
)
def test_targeting_that_cannot_be_meant_is_refused_with_a_code_and_a_place(operator, members):
    served_flag(operator)

    problems = codes(operator, changed(**members))

    assert all(code and place.startswith("/") for code, place in problems), problems


def test_a_rule_for_everyone_is_a_warning(operator):
    served_flag(operator)

    draft = proposed(operator, changed(rules=[{"name": "all", "when": {"op": "always"}, "serve": "on"}]))

    assert {(one["key"], bool(one["code"])) for one in draft.warnings} == {(KEY, True)}


def test_a_nested_prerequisite_is_accepted_and_a_cycle_refused(operator):
    for key in ("a", "b", "c"):
        served_flag(operator, key)
    for key, needed in (("b", "a"), ("c", "b")):
        published(operator, changed(key, prerequisites=[{"flag": needed, "variants": ["on"]}]))

    problems = refused(operator, changed("a", prerequisites=[{"flag": "c", "variants": ["on"]}]))

    assert {kind for kind, _, _ in problems} == {FlagInvalid}


def test_the_removal_of_a_segment_or_flag_that_is_used_is_refused(operator):
    published(operator, segment("beta", {"op": "always"}))
    served_flag(operator)
    served_flag(operator, "child", prerequisites=[{"flag": KEY, "variants": ["on"]}])
    published(operator, changed(rules=[{"name": "beta", "when": {"segment": "beta"}, "serve": "on"}]))

    assert refused(operator, segment("beta", None))
    assert refused(operator, item("flag", KEY, None))


def test_flags_that_contradict_each_other_are_refused(operator):
    served_flag(operator, "a")
    served_flag(operator, "b", requires=["a"])

    problems = refused(operator, changed("b", requires=["a"], excludes=["a"]))

    assert FlagConflict in {kind for kind, _, _ in problems}
    assert refused(operator, changed("a", excludes=["b"]))


def test_a_change_from_an_old_base_is_refused_with_a_three_way_diff(operator):
    served_flag(operator)
    old = changed(roles=["controller"])
    published(operator, changed(enabled=False))

    with pytest.raises(FlagConflict) as caught:
        proposed(operator, old)

    assert {"place": "/enabled", "base": True, "published": False, "proposed": True} in _diff(caught.value)


def _diff(refusal):
    return json.loads(refusal.context["diff"])


@pytest.mark.parametrize("count", [0, 2])
def test_a_change_set_changes_something_and_each_thing_once(operator, count):
    served_flag(operator)

    problems = refused(operator, *[changed(enabled=False)] * count)

    assert {kind for kind, _, _ in problems} == {DuplicateChange if count else NothingChanged}


def test_a_change_without_a_difference_or_of_an_unknown_flag_is_refused(operator):
    served_flag(operator)

    assert {kind for kind, _, _ in refused(operator, changed())} == {NothingChanged}
    assert {kind for kind, _, _ in refused(operator, changed("no.flag"))} == {FlagNotFound}


def test_an_effect_in_the_past_is_refused(operator):
    served_flag(operator)

    problems = refused(operator, changed(enabled=False), effective_at=now() - dt.timedelta(seconds=1))

    assert {kind for kind, _, _ in problems} == {EffectiveInThePast}


def test_the_correction_of_a_draft_withdraws_it(operator):
    served_flag(operator)
    first = proposed(operator, changed(rollout=HALF))

    second = proposed(operator, changed(enabled=False), replaces=first.pk)

    first.refresh_from_db()
    assert (first.state, second.state, second.replaces_id) == ("withdrawn", "draft", first.pk)
    with pytest.raises(ChangeSetFixed):
        proposed(operator, changed(enabled=False), replaces=first.pk)


def test_a_withdrawn_draft_is_never_published(operator):
    draft = created(operator)

    dispatch(WithdrawChangeSet(change_set_id=draft.pk, reason="Too early."), actor=operator)

    with pytest.raises(ChangeSetFixed):
        dispatch(publication(draft), actor=operator)
    assert not Revision.objects.published().exists()


class TestOfATenant:
    @pytest.fixture(autouse=True)
    def flag(self, operator, acme):
        served_flag(operator)
        with activate(acme):
            yield

    def test_an_override_narrows_a_flag_of_the_platform(self, owner):
        draft = proposed(owner, narrowed(roles=["controller"], percentage=50.0))

        assert draft.revisions.get().kind == "override"

    @pytest.mark.parametrize(
        "what", [lambda: changed(enabled=False), lambda: segment("beta", {"op": "always"})]
    )
    def test_flags_and_segments_of_a_tenant_are_refused(self, owner, what):
        assert {kind for kind, _, _ in refused(owner, what())} == {FlagsAreOfThePlatform}

    @pytest.mark.parametrize(
        ("members", "place"),
        [
            ({"percentage": 101}, "/percentage"),
            ({"roles": ["emperor"]}, "/roles/0"),
            ({"rules": FOR_CONTROLLERS}, "/rules"),
            ({"entitlement": None}, "/entitlement"),
            ({"enabled": "yes"}, "/enabled"),
        ],
    )
    def test_a_widening_or_meaningless_override_is_refused(self, owner, members, place):
        assert place in {place for _, place in codes(owner, narrowed(**members))}

    def test_an_override_of_an_unknown_flag_is_refused(self, owner):
        assert {kind for kind, _, _ in refused(owner, narrowed("no.flag", enabled=False))} == {FlagNotFound}


def test_the_platform_has_no_overrides(operator):
    served_flag(operator)

    assert {kind for kind, _, _ in refused(operator, narrowed(enabled=False))} == {FlagsAreOfThePlatform}
