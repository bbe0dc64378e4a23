"""Pages of flags for a tenant: what applies to it, its narrowing and its kills; nothing of others."""

from __future__ import annotations

import html
import re

import pytest

from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.flags import queries
from apps.flags.models import ChangeSet, Kill
from apps.kernel.tenant import activate
from tests.support.flag_changes import killed, served_flag
from tests.support.forms import hidden_inputs
from tests.support.plans import UNLIMITED
from tests.support.published_flags import KEY

REASON = {"reason": "Orders fail."}
FLAGS = "/t/acme/feature-flags/"


@pytest.fixture
def flag(operator):
    return served_flag(operator)


@pytest.fixture
def console(owner, client_for, flag):
    return client_for(owner)


def page(client, path=FLAGS, status=200):
    response = client.get(path)
    assert response.status_code == status, response.content[:2000]
    return html.unescape(response.content.decode())


def test_a_tenant_sees_flags_that_apply_to_it(console):
    shown = page(console)

    assert KEY in shown
    assert "On for all of your users" in shown


def test_flags_outside_the_plan_turned_off_or_of_other_tenants_are_hidden(console, operator, acme):
    when = {"attribute": "tenant_slug", "op": "in", "values": ["globex"]}
    hidden = {
        "sales.not-in-plan": {"entitlement": "webhooks"},
        "sales.disabled": {"enabled": False},
        "sales.killed": {},
        "sales.of-globex": {
            "default_variant": "off",
            "rules": [{"name": "globex", "when": when, "serve": "on"}],
        },
    }
    with activate(None):
        dispatch(
            DefinePlan(code="small", name="Small", level=1, modules=(), limits=UNLIMITED), actor=operator
        )
        dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="Ordered."), actor=operator)
        for key, members in hidden.items():
            served_flag(operator, key, **members)
        killed(operator, "sales.killed")

    shown = page(console)

    for key in hidden:
        assert key not in shown
        page(console, f"{FLAGS}{key}/", 404)
        page(console, f"{FLAGS}{key}/kill/", 404)
        page(console, f"{FLAGS}{key}/narrow/", 404)
        assert "There is no such flag." in page(console, f"/t/acme/flags/why/?flag={key}")


def test_the_explanation_of_a_tenant_names_no_rule_or_segment_of_the_platform(console, operator):
    when = {"attribute": "tenant_slug", "op": "in", "values": ["acme", "globex"]}
    with activate(None):
        served_flag(
            operator,
            "sales.beta",
            default_variant="off",
            rules=[{"name": "globex-and-friends", "when": when, "serve": "on"}],
        )

    shown = page(console, "/t/acme/flags/why/?flag=sales.beta")

    assert "sales.beta is on: a rule matches." in shown
    assert "globex" not in shown


def test_a_tenant_kills_a_flag_for_its_users_only(console, acme, globex):
    address = f"{FLAGS}{KEY}/kill/"
    assert f'href="{address}"' in page(console)

    response = console.post(address, {**hidden_inputs(console, address), **REASON})

    assert "/flags/kill/" in response.url
    with activate(acme):
        assert Kill.objects.get().reason == REASON["reason"]
        assert queries.explain(KEY, {}).evaluation.value is False
    with activate(globex):
        assert queries.explain(KEY, {}).evaluation.value is True
    assert "Killed for your users" in page(console)


def test_a_tenant_narrows_a_flag_to_a_role_and_the_history_shows_it(console, acme, owner, accountant):
    address = f"{FLAGS}{KEY}/narrow/"
    base = re.search(r'name="base" value="(\d+)"', page(console, address))[1]
    fields = {**hidden_inputs(console, address), "base": base, "enabled": "on", "roles": "owner", **REASON}

    response = console.post(address, fields)

    with activate(acme):
        draft = ChangeSet.objects.get()
    assert response.url == f"/t/acme/flags/changeset/{draft.pk}/change/"
    publish = f"/t/acme/flags/change-sets/{draft.pk}/publish/"
    console.post(publish, {**hidden_inputs(console, publish), **REASON})
    with activate(acme):
        values = [
            queries.explain(KEY, queries.context_of(user)).evaluation.value for user in (owner, accountant)
        ]
    assert values == [True, False]
    shown = page(console, f"{FLAGS}{KEY}/")
    assert "only for owner" in shown
    assert "/roles/0" in shown


def test_a_user_without_the_permission_sees_no_page_and_an_auditor_no_button(
    flag, client_for, auditor, user_without_role
):
    assert client_for(user_without_role).get(FLAGS).status_code == 403

    client = client_for(auditor)
    assert "console-button-danger" not in page(client)
    page(client, f"{FLAGS}{KEY}/kill/", 403)
    page(client, f"{FLAGS}{KEY}/narrow/", 403)
