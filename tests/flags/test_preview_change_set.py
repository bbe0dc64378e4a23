"""Previews: the effect on the real population before the approval, equal to evaluating everyone afterwards."""

from __future__ import annotations

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.flags import previews, queries
from apps.flags.commands import PreviewChangeSet
from apps.flags.engine import RuleSet, TenantLayer
from apps.flags.engine.outcomes import Entry
from apps.flags.errors import ChangeSetFixed, FlagConflict
from apps.flags.models import ChangeSet
from apps.flags.previews import scheduling
from apps.flags.previews.effects import effect_on
from apps.flags.previews.population import Person, people
from apps.identity.models import User
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import activate
from tests.support.flag_changes import (
    FOR_CONTROLLERS,
    HALF,
    changed,
    created,
    item,
    killed,
    narrowed,
    proposed,
    publication,
    segment,
    served_flag,
)
from tests.support.published_flags import KEY, document
from tests.support.settling import settle

pytestmark = pytest.mark.exhaustive("each layer of the waterfall", one_in=5)

OFF = {"default_variant": "off"}


def preview(change_set):
    change_set.refresh_from_db()
    return change_set.preview


def values(*tenants):
    """What the flag serves each user of these tenants in each company."""
    served = {}
    for tenant in tenants:
        with within(tenant):
            rules = queries.rule_set()
            for person in people():
                for number, context in enumerate(person.contexts):
                    served[tenant.slug, person.user_id, number] = (
                        rules.evaluate(KEY, None, context).value is True
                    )
    return served


def by_hand(before, after):
    """The numbers of users that gain and lose, of two evaluations of everyone."""
    return {
        kind: len({place[:2] for place in before if before[place] is was and after[place] is not was})
        for kind, was in (("gain", False), ("lose", True))
    }


CHANGES = {
    "off for everyone": {"enabled": False},
    "on for auditors": {
        **OFF,
        "rules": [
            {"name": "a", "when": {"attribute": "roles", "op": "in", "values": ["auditor"]}, "serve": "on"}
        ],
    },
    "half of the users": {"rollout": HALF},
    "half of the companies": {"rollout": {"unit": "company", "percentage": 50.0}},
    "half of the tenants": {"rollout": {"unit": "tenant", "percentage": 50.0}},
    "for a role": {"roles": ["accountant"]},
    "an entitlement": {"entitlement": "inventory"},
}


@pytest.mark.exhaustive("each layer that can change", by="before")
@pytest.mark.parametrize("before", [{}, {**OFF, "rules": FOR_CONTROLLERS}], ids=["on", "for controllers"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_preview_equals_the_evaluation_of_everyone_afterwards(
    operator, acme, globex, owner, before, change
):
    with activate(acme):
        for code in ("AAA", "BBB"):
            dispatch(FoundCompany(code=code, name=code, currency="EUR"), actor=owner)
    served_flag(operator, **before)
    was = values(acme, globex)
    members = {**before, **CHANGES[change]}
    draft = proposed(operator, changed(**members))
    stored = preview(draft)

    dispatch(publication(draft), actor=operator)

    expected = by_hand(was, values(acme, globex))
    assert {kind: stored[kind] for kind in expected} == expected
    assert stored["users"] == len({place[:2] for place in was})
    assert sum(one["gain"] for one in stored["by_tenant"]) == stored["gain"]
    assert stored["tenants"] == sum(bool(one["gain"] or one["lose"]) for one in stored["by_tenant"])


def test_the_preview_is_there_before_the_approval_and_recorded(operator):
    draft = created(operator)

    stored = preview(draft)

    assert (stored["tenants"], stored["lose"]) == (2, 0)
    assert stored["gain"] == stored["users"] == sum(one["users"] for one in stored["by_tenant"])
    assert {one["tenant"] for one in stored["by_tenant"]} == {"acme", "globex"}
    assert Record.objects.filter(command="flags.preview_change_set", outcome="done").count() == 1


def test_a_large_population_is_left_to_a_worker(operator, monkeypatch):
    monkeypatch.setattr(scheduling, "IMMEDIATE_TENANTS", 1)
    draft = created(operator)
    assert preview(draft) is None

    settle()

    assert preview(draft)["tenants"] == 2


def test_a_segment_affects_the_users_of_the_flags_that_name_it(operator):
    dispatch(publication(proposed(operator, segment("beta", {"op": "always"}))), actor=operator)
    served_flag(operator, **OFF, rules=[{"name": "beta", "when": {"segment": "beta"}, "serve": "on"}])

    draft = proposed(operator, segment("beta", {"attribute": "tenant_slug", "op": "in", "values": ["acme"]}))

    lost = {one["tenant"]: one["lose"] for one in preview(draft)["by_tenant"]}
    assert lost["acme"] == 0 < lost["globex"]


def test_a_prerequisite_affects_the_users_of_the_flags_above_it(operator):
    served_flag(operator)
    served_flag(operator, "child", prerequisites=[{"flag": KEY, "variants": ["on"]}])

    draft = proposed(operator, changed(enabled=False))

    stored = preview(draft)
    assert stored["flags"]["child"]["lose"] == stored["flags"][KEY]["lose"] == stored["users"]


def test_a_killed_flag_is_gained_by_no_user(operator):
    served_flag(operator, enabled=False)
    killed(operator)

    assert preview(proposed(operator, changed()))["gain"] == 0


def test_the_preview_of_a_tenant_is_about_its_own_users(operator, owner, acme, globex):
    served_flag(operator)
    with activate(acme):
        users = User.objects.filter(is_active=True).count()
        draft = proposed(owner, narrowed(enabled=False))
        stored = preview(draft)

    assert [one["tenant"] for one in stored["by_tenant"]] == ["acme"]
    assert (stored["lose"], stored["users"]) == (users, users)


def test_another_value_of_an_on_flag_is_a_change_and_neither_gain_nor_loss(operator):
    texts = {"type": "string", "variants": {"a": "A", "b": "B", "off": ""}, "default_variant": "a"}
    served_flag(operator, **texts)

    stored = preview(proposed(operator, changed(**{**texts, "default_variant": "b"})))

    assert (stored["gain"], stored["lose"], stored["change"]) == (0, 0, stored["users"])


def test_a_conflict_on_the_population_refuses_the_publication(operator):
    served_flag(operator, "a", **OFF)
    served_flag(operator, "b", excludes=["a"])
    draft = proposed(operator, changed("a"))

    assert {one["key"] for one in preview(draft)["conflicts"]} == {"b"}
    with pytest.raises(FlagConflict):
        dispatch(publication(draft), actor=operator)


def test_a_requirement_that_some_users_lack_refuses_the_publication(operator):
    served_flag(operator, "needed", roles=["controller"])
    served_flag(operator, **OFF, requires=["needed"])

    draft = proposed(operator, changed(requires=["needed"]))

    assert preview(draft)["conflicts"]
    with pytest.raises(FlagConflict):
        dispatch(publication(draft), actor=operator)


def test_the_preview_of_a_published_change_set_stays(operator):
    change_set = served_flag(operator)

    with pytest.raises(ChangeSetFixed):
        dispatch(PreviewChangeSet(change_set_id=change_set.pk), actor=operator)


def test_the_removal_of_a_flag_is_a_loss(operator):
    served_flag(operator)

    stored = preview(proposed(operator, item("flag", KEY, None)))

    assert stored["lose"] == stored["users"] > 0


def test_a_company_more_is_a_context_more(operator, owner, acme):
    with activate(acme):
        before = [person.contexts for person in people()]
        dispatch(FoundCompany(code="NEW", name="New", currency="EUR"), actor=owner)
        companies = {str(company.pk) for company in Company.objects.all()}
        after = [person.contexts for person in people()]

    assert len(before) == len(after)
    assert all({context["company"] for context in contexts} == companies for contexts in after)


@pytest.mark.exhaustive("300 tenants with 50 users each", inside=True)
def test_the_effect_equals_an_evaluation_of_each_user_in_300_tenants(sample):
    tenants = 10 if sample.is_small else 300
    roles = ("owner", "controller", "accountant", "auditor")
    old = RuleSet([Entry(document(**OFF, rules=FOR_CONTROLLERS))])
    new = RuleSet(
        [Entry(document(rollout={"unit": "user", "percentage": 30.0}, roles=["owner", "controller"]))]
    )

    for tenant in range(tenants):
        layer = TenantLayer(tenant=str(tenant), entitlements=frozenset({"*"}))
        before, after = old.for_tenant(layer), new.for_tenant(layer)
        population = [
            Person(user, [{"tenant": str(tenant), "user": f"{tenant}.{user}", "roles": [roles[user % 4]]}])
            for user in range(50)
        ]

        effect = effect_on(population, before, after, {KEY})

        one_by_one = [
            (before.evaluate(KEY, None, context).value, after.evaluate(KEY, None, context).value)
            for person in population
            for context in person.contexts
        ]
        assert effect.totals["gain"] == one_by_one.count((False, True))
        assert effect.totals["lose"] == one_by_one.count((True, False))
        assert effect.users == 50


def test_a_preview_is_computed_for_drafts_of_the_present_database(operator):
    served_flag(operator)
    draft = proposed(operator, changed(enabled=False))

    again = previews.preview_of(ChangeSet.objects.get(pk=draft.pk))

    ignored = {"computed_at": "", "seal": ""}
    assert {**again, **ignored} == {**preview(draft), **ignored}
