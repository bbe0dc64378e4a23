"""OFREP: what its clients demand beyond the protocol's schema, and what it refuses."""

from __future__ import annotations

import datetime as dt
from urllib.parse import unquote

import pytest
from openfeature.flag_evaluation import Reason

from apps.bus import dispatch
from apps.companies import queries as companies
from apps.flags import queries
from apps.flags.api.ofrep import results
from apps.flags.api.ofrep.contexts import MAX_ATTRIBUTES, MAX_BODY_BYTES
from apps.flags.api.ofrep.views import OfrepEndpoint
from apps.flags.engine import outcomes
from apps.kernel.clock import moved_to, now
from apps.kernel.tenant import activate
from apps.tenancy.commands import SetMode, SetTenantSuspended
from tests.support.database import TESTER
from tests.support.evaluators import DOCUMENTS, Evaluator, kill, serve, token_of
from tests.support.published_flags import document

pytestmark = pytest.mark.usefixtures("flags")
KEYS = {served["key"] for served in DOCUMENTS}


def by_key(response):
    return {result["key"]: result for result in response.json()["flags"]}


def failed(response, status, error_code, code):
    """Whether it is an error in the form of OFREP."""
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert (response.status_code, body["errorCode"], body["metadata"]["code"]) == (
        status,
        error_code,
        code,
    ), body
    assert body["errorDetails"]
    return body


# What clients demand beyond the schema.


def test_every_result_has_variant_and_reason(program):
    for result in (*by_key(program.every(targetingKey="u1")).values(), program.one("bool-on").json()):
        assert isinstance(result["variant"], str)
        assert result["reason"]


def test_floats_are_written_as_floats(program):
    response = program.one("float")

    assert b'"value":1.0' in response.content
    assert isinstance(program.one("int").json()["value"], int)
    assert program.one("obj").json()["value"] == {"a": [1, 2.5]}


def test_reasons_are_those_of_the_sdk_and_the_finer_one_is_in_the_metadata(program):
    assert {*results.REASONS.values(), results.STATIC, results.DYNAMIC} <= {*Reason.__members__}
    expected = {
        "bool-on": ("STATIC", {"reason": outcomes.DEFAULT}),
        "disabled": ("DISABLED", {"reason": outcomes.DISABLED}),
        "targeted": ("TARGETING_MATCH", {"reason": outcomes.RULE_MATCH, "rule": "germans"}),
        "half": ("SPLIT", {"reason": outcomes.ROLLOUT}),
    }

    shown = by_key(program.every(targetingKey="u1", country="DE"))

    assert {key: (shown[key]["reason"], shown[key]["metadata"]) for key in expected} == expected


def test_keys_fit_into_addresses_and_others_are_unknown(program):
    for key in ("nope", "a%20b", "%E2%82%AC", "x" * 300, "..."):
        body = failed(program.one(key), 404, "FLAG_NOT_FOUND", "flags.flag_not_found")
        assert body["key"] == unquote(key)


def test_a_context_without_targeting_key_is_evaluated(program):
    assert program.one("bool-on").json()["value"] is True
    assert program.send("/flags/bool-on", {}).json()["value"] is True
    assert program.send("/flags/bool-on", b"").json()["value"] is True

    failed(program.one("half"), 400, "TARGETING_KEY_MISSING", "flags.targeting_key_missing")
    assert program.one("half", user="u1").status_code == 200


def test_too_many_requests_have_retry_after(program, monkeypatch):
    monkeypatch.setattr(OfrepEndpoint, "per_minute", 2)

    responses = [program.one("bool-on") for _ in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 429]
    failed(responses[-1], 429, "GENERAL", "request.throttled")
    assert 0 < int(responses[-1]["Retry-After"]) <= 60


def test_no_revision_or_time_is_in_the_result_of_a_flag(program):
    before = by_key(program.every(targetingKey="u1"))
    serve(document("another"))
    with moved_to(now() + dt.timedelta(hours=1)):
        after = program.every(targetingKey="u1")

    assert {key: by_key(after)[key] for key in before} == before
    assert [*after.json()["metadata"]] == ["revision"]


def test_a_flag_that_fails_is_in_the_list_and_the_status_is_200(program):
    response = program.every()

    assert response.status_code == 200
    keys = [result["key"] for result in response.json()["flags"]]
    assert {*keys} >= KEYS
    assert keys == sorted({*queries.rule_set().keys})
    assert by_key(response)["half"]["errorCode"] == "TARGETING_KEY_MISSING"
    assert by_key(response)["half"]["metadata"] == {"code": "flags.targeting_key_missing"}


# Values.


def test_a_disabled_flag_has_no_value_so_the_code_default_is_served(program):
    shown = program.one("disabled").json()

    assert "value" not in shown
    assert (shown["reason"], shown["variant"]) == ("DISABLED", "")


def test_a_killed_flag_is_off_at_once(program):
    assert program.one("bool-on").json()["value"] is True
    etag = program.every()["ETag"]

    kill("bool-on")

    shown = program.one("bool-on").json()
    assert (shown["value"], shown["reason"], shown["metadata"]["reason"]) == (
        False,
        "DISABLED",
        outcomes.KILLED,
    )
    assert by_key(program.every(etag))["bool-on"]["value"] is False


def test_every_type_of_attribute_is_accepted(program):
    for value in ("DE", ["FR", "DE"], 7, True, None, {"a": {"b": [1]}}, "", [[1]], "ß\u202e", -0.5):
        shown = program.one("targeted", targetingKey="u1", country=value).json()
        assert shown["value"] is (value in ("DE", ["FR", "DE"])), value


# ETags.


def test_an_etag_covers_flags_and_context(program):
    first = program.every(targetingKey="u1")
    etag = first["ETag"]

    same = program.every(etag, targetingKey="u1")
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", etag)
    assert program.every(f'"x", W/{etag}', targetingKey="u1").status_code == 304
    other = program.every(etag, targetingKey="u1", colour="red")
    assert other.status_code == 200, "an attribute that no flag reads is part of the context too"
    assert other["ETag"] != etag

    serve(document("another"))
    assert program.every(etag, targetingKey="u1").status_code == 200


# Tenants.


def test_two_tenants_with_the_same_keys_are_evaluated_by_their_own_layers(program, program_of, acme, globex):
    rule = {
        "name": "acme",
        "when": {"attribute": "tenant", "op": "in", "values": [str(acme.id)]},
        "serve": "on",
    }
    serve(document("of-acme", rules=[rule], default_variant="off"))
    other = program_of(globex)

    assert program.one("of-acme", tenant=str(globex.id)).json()["value"] is True
    assert other.one("of-acme", tenant=str(acme.id)).json()["value"] is False, (
        "the context names another tenant"
    )
    assert program.every()["ETag"] != other.every()["ETag"]


def test_a_token_of_another_tenant_is_refused(program, program_of, globex):
    stranger = program_of(globex, program.token)

    failed(stranger.one("bool-on"), 403, "GENERAL", "identity.token_of_another_tenant")
    failed(stranger.every(), 403, "GENERAL", "identity.token_of_another_tenant")


def test_a_suspended_tenant_evaluates_nothing(program, acme):
    dispatch(SetTenantSuspended(tenant_id=acme.id, reason="unpaid"), actor=TESTER)

    failed(program.one("bool-on"), 403, "GENERAL", "tenancy.tenant_is_suspended")


def test_a_tenant_that_is_read_by_path_or_host(program):
    by_host = Evaluator(program.token, type("Host", (), {"slug": ""})())
    by_host.base = ""

    shown = by_host.send("/flags/bool-on", {}, Host="acme.localhost")

    assert shown.json()["value"] is True


# Refusals.


def test_tokens_are_accepted_in_three_forms_and_others_are_refused(program, acme):
    for headers in (
        {"Authorization": f"Bearer {program.token}"},
        {"Authorization": program.token},
        {"Authorization": "", "X-API-Key": program.token},
    ):
        program.headers = headers
        assert program.one("bool-on").status_code == 200, headers
    for headers in ({}, {"Authorization": "Bearer t"}, {"X-API-Key": "t"}, {"Authorization": "t"}):
        program.headers = headers
        assert program.one("bool-on").status_code == 401
        assert program.one("bool-on").json()["errorCode"] == "GENERAL"
        assert program.one("bool-on")["WWW-Authenticate"]
    program.headers = {"Authorization": program.token + "x"}
    failed(program.one("bool-on"), 401, "GENERAL", "service_accounts.service_token_invalid")


def test_a_token_without_the_scope_is_refused(acme):
    narrow = Evaluator(token_of(acme, "ledger.view_account"), acme)

    failed(narrow.one("bool-on"), 403, "GENERAL", "bus.read_permission_denied")
    failed(narrow.every(), 403, "GENERAL", "bus.read_permission_denied")


def test_an_unusual_body_is_refused_with_a_code(program):
    for body in (
        b"{",
        b"[]",
        b"7",
        b"null",
        b'{"context": {"a": NaN}}',
        b'{"context": ' + b"[" * 5000,
        b"\xff",
    ):
        failed(program.send("/flags/bool-on", body), 400, "PARSE_ERROR", "request.parse_error")
    for context in ([], "u1", {"targetingKey": 7}, {"targetingKey": {}}, {"n" * 300: 1}):
        failed(program.send("/flags", {"context": context}), 400, "INVALID_CONTEXT", "flags.context_invalid")


def test_a_huge_context_is_refused(program):
    many = {f"a{number}": 1 for number in range(MAX_ATTRIBUTES + 1)}

    failed(program.one("bool-on", **many), 400, "INVALID_CONTEXT", "flags.context_invalid")
    failed(program.one("bool-on", a="x" * MAX_BODY_BYTES), 413, "GENERAL", "request.body_too_large")


def test_another_content_type_method_or_address_is_refused_in_the_same_form(program, client, acme):
    address = f"{program.base}/ofrep/v1/evaluate/flags"

    form = client.post(
        address, "a=1", content_type="application/x-www-form-urlencoded", headers=program.headers
    )
    failed(form, 400, "PARSE_ERROR", "request.unsupported_media_type")
    failed(client.get(address, headers=program.headers), 405, "GENERAL", "request.method_not_allowed")
    failed(client.post(f"{address}/a/b", headers=program.headers), 404, "GENERAL", "request.not_found")
    failed(client.post("/t/nowhere/ofrep/v1/evaluate/flags"), 404, "GENERAL", "tenancy.tenant_unknown")
    failed(client.post(f"{address}?x=%00", headers=program.headers), 400, "PARSE_ERROR", "request.malformed")


def test_a_tenant_that_can_only_be_read_is_evaluated(program, acme):
    dispatch(SetMode(tenant_id=acme.id, mode="read_only", reason="a move"), actor=TESTER)

    assert program.one("bool-on").json()["value"] is True
    assert program.report({"bool-on": {"yes": 1, "no": 0}}).status_code == 423


def test_a_program_names_the_company_and_otherwise_it_is_the_first_one(program, acme):
    with activate(acme):
        first = str(companies.first_company_id())
    when = {"attribute": "company", "op": "in", "values": [first]}
    rules = [{"name": "pilot", "when": when, "serve": "on"}]
    serve(document("by-company", default_variant="off", rules=rules))

    values = [program.one("by-company", **named).json()["value"] for named in ({}, {"company": "another"})]

    assert values == [True, False]
