"""The client API of Unleash: the state for the tenant of the token, and the counts of its clients."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.flags import queries
from apps.flags.api.unleash import states
from apps.flags.api.unleash.views import LEFT_OUT
from apps.flags.life_cycle import usage
from apps.flags.models import FlagUsage, Revision
from apps.flags.module import EVALUATE
from apps.flags.store import freshness
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from tests.support.evaluators import DOCUMENTS, Evaluator, kill, serve, token_of
from tests.support.plans import UNLIMITED
from tests.support.published_flags import document, publish

pytestmark = pytest.mark.usefixtures("flags")


def by_name(response):
    return {feature["name"]: feature for feature in response.json()["features"]}


def counted(key):
    with activate(None):
        return usage.served_since(now(), is_reported=True).get(key, {})


def test_the_state_has_every_flag_and_an_etag(program):
    response = program.features()

    state = response.json()
    assert (response.status_code, state["version"], response[LEFT_OUT]) == (200, 2, "0")
    assert {*by_name(response)} == {*queries.rule_set().keys} >= {served["key"] for served in DOCUMENTS}
    assert by_name(response)["disabled"]["enabled"] is False
    parameters = {"rollout": "50", "stickiness": "userId", "groupId": "half"}
    assert by_name(response)["half"]["strategies"][0]["parameters"] == parameters
    unchanged = program.features(**{"If-None-Match": response["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")

    kill("bool-on")

    killed = program.features(**{"If-None-Match": response["ETag"]})
    assert (killed.status_code, by_name(killed)["bool-on"]["enabled"]) == (200, False)


def test_the_server_decides_the_layers_of_the_tenant_and_the_client_roles(
    program, program_of, operator, acme, globex
):
    rule = {
        "name": "acme",
        "when": {"attribute": "tenant", "op": "in", "values": [str(acme.id)]},
        "serve": "on",
    }
    serve(document("of-acme", rules=[rule], default_variant="off"))
    serve(document("unplanned", entitlement="no.such.module"))
    plan = DefinePlan(code="small", name="Small", level=1, modules=(), limits=UNLIMITED)
    dispatch(plan, actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="It is small."), actor=operator)
    serve(document("for-controllers", roles=["controller"]))

    of_acme, of_globex = by_name(program.features()), by_name(program_of(globex).features())

    assert [of_acme["of-acme"]["enabled"], of_globex["of-acme"]["enabled"]] == [True, False]
    assert of_acme["unplanned"]["enabled"] is False
    constraints = [strategy["constraints"] for strategy in of_acme["for-controllers"]["strategies"]]
    assert [[one["contextName"] for one in several] for several in constraints] == [["role"], ["roles"]]


def test_a_tenants_override_narrows_its_own_state_only(program, program_of, acme, globex):
    with activate(acme):
        publish({"enabled": False}, "bool-on", kind=Revision.Kind.OVERRIDE)
        freshness.changed()

    assert by_name(program.features())["bool-on"]["enabled"] is False
    assert by_name(program_of(globex).features())["bool-on"]["enabled"] is True


def test_a_flag_without_counterpart_is_left_out_and_counted(program):
    serve(
        document(
            "by-pattern",
            rules=[
                {"name": "r", "when": {"attribute": "a", "op": "matches", "values": ["^a"]}, "serve": "on"}
            ],
        )
    )
    serve(document("fine-share", rollout={"unit": "user", "percentage": 12.5}))

    response = program.features()

    assert {"by-pattern", "fine-share"}.isdisjoint(by_name(response))
    assert response[LEFT_OUT] == "2"


def test_a_query_selects_features(program):
    def names(query):
        address = f"{program.base}/api/client/features?{query}"
        return [*by_name(Client().get(address, headers={"Authorization": program.token}))]

    assert names("namePrefix=bool") == ["bool-on"]
    assert names("project=default") == names("") != []
    assert names("project=other") == []


def test_reported_counts_are_use_of_the_flag(program):
    toggles = {
        "bool-on": {"yes": 3, "no": 2, "variants": {}},
        "str": {"yes": 5, "no": 1, "variants": {"greeting": 4, "no-such-variant": 1}},
        "no-such-flag": {"yes": 9, "no": 0},
    }

    assert program.report(toggles).status_code == 202

    assert counted("bool-on") == {"on": 3, "off": 2}
    assert counted("str") == {"greeting": 4, "": 2}
    assert counted("no-such-flag") == {}
    assert usage.last_seen(["bool-on"])["bool-on"] <= now()


def test_reports_of_a_program_change_no_count_of_this_installation(program, acme):
    usage.record_usage({("bool-on", "on", "DEFAULT"): 7})

    program.report({"bool-on": {"yes": 1_000_000_000, "no": 1_000_000_000, "variants": {}}})

    assert usage.served_since(now()) == {"bool-on": {"on": 7}}
    assert [count.evaluations for count in usage.usage_of("bool-on", now() - dt.timedelta(days=1))] == [7]
    assert counted("bool-on") == {"on": usage.MAX_REPORTED, "off": usage.MAX_REPORTED}
    assert {*FlagUsage.objects.values_list("reported_by", flat=True)} == {0, acme.id}


def test_a_client_registers(program):
    body = {
        "appName": "erp",
        "sdkVersion": "unleash-client-python:6",
        "strategies": ["default"],
        "interval": 15,
    }
    address = f"{program.base}/api/client/register"

    response = Client().post(address, body, content_type="application/json", headers=program.headers)

    assert (response.status_code, response.content) == (202, b"")


def test_refusals_have_the_form_of_unleash(program, program_of, acme, globex):
    narrow = Evaluator(token_of(acme, EVALUATE), acme)
    cases = [
        (narrow.features(), 403, "bus.read_permission_denied"),
        (Evaluator(program.token, globex).features(), 403, "identity.token_of_another_tenant"),
        (Evaluator(program.token + "x", acme).features(), 401, "service_accounts.service_token_invalid"),
        (Evaluator("t", acme).features(), 401, "request.not_authenticated"),
        (program.report([]), 202, ""),
        (program.report([1]), 400, "request.parse_error"),
        (program.report({"bool-on": {"yes": -1}}), 400, "request.parse_error"),
        (program.report({"bool-on": {"yes": True}}), 400, "request.parse_error"),
        (program.report({"bool-on": 7}), 400, "request.parse_error"),
        (program.report({"bool-on": {"variants": {"on": 10**12}}}), 400, "request.parse_error"),
    ]

    for response, status, code in cases:
        assert response.status_code == status, (code, response.content)
        if code:
            body = response.json()
            assert (body["name"], [*body]) == (code, ["id", "name", "message"])


def test_a_client_of_unleash_decides_by_the_company_that_it_names(acme):
    when = {"attribute": "company", "op": "in", "values": ["1"]}
    rules = [{"name": "pilot", "when": when, "serve": "on"}]
    serve(document("by-company", default_variant="off", rules=rules))

    with activate(acme):
        state = states.exported().document

    (feature,) = [one for one in state["features"] if one["name"] == "by-company"]
    assert "company" in str(feature["strategies"])
