"""Every error below /api/ is a problem document of one shape."""

from __future__ import annotations

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import override_settings

from apps.bus.api.views import QueryEndpoint
from apps.ledger.api.views import TrialBalance
from tests.support.database import PASSWORD

SHAPE = {"type", "title", "status", "detail", "instance", "code", "correlation_id", "errors"}


def problem(response, status: int, code: str) -> dict:
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert set(body) == SHAPE
    assert body["correlation_id"] == response["X-Correlation-ID"]
    assert all(set(error) == {"code", "detail", "attr", "context"} for error in body["errors"])
    return body


def test_an_unknown_address_is_not_found(api, owner):
    problem(api(owner).get("nowhere/"), 404, "request.not_found")
    problem(Client().get("/api/v1/nowhere/"), 404, "request.not_found")
    problem(Client().get("/t/acme/api/nowhere"), 404, "request.not_found")


def test_an_unknown_address_is_not_found_even_without_a_csrf_token(acme):
    client = Client(enforce_csrf_checks=True)

    for method in ("post", "put", "patch", "delete"):
        response = getattr(client, method)("/t/acme/api/v1/ledger/nothing/", content_type="application/json")
        assert response.status_code == 404
        assert response.json()["code"] == "request.not_found"


def test_an_unknown_tenant_is_not_found(acme):
    problem(Client().get("/t/initech/api/v1/identity/me/"), 404, "tenancy.tenant_unknown")


def test_an_unknown_host_is_a_bad_request(acme):
    problem(
        Client().get("/api/v1/identity/me/", headers={"host": "evil.example"}), 400, "request.bad_request"
    )


def test_an_anonymous_request_is_not_authenticated(acme):
    response = Client().get("/t/acme/api/v1/identity/me/")

    problem(response, 401, "request.not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_wrong_password_starts_no_session(acme):
    client = Client()
    response = client.post("/t/acme/accounts/login/", {"login": "owner@acme.example", "password": "wrong"})

    assert response.status_code == 200
    problem(client.get("/t/acme/api/v1/identity/me/"), 401, "request.not_authenticated")


def test_an_unsupported_method_is_not_allowed(api, owner):
    for method in ("put", "patch", "delete", "options"):
        response = getattr(api(owner).client, method)("/t/acme/api/v1/ledger/entries/")
        problem(response, 405, "request.method_not_allowed")


def test_a_malformed_body_is_refused(api, controller):
    client = api(controller).client

    for body in ("{", '{"a": NaN}', "[" * 100_000, b"\xff"):
        response = client.post("/t/acme/api/v1/periods/years/", body, content_type="application/json")
        problem(response, 400, "request.parse_error")
    for body in ("[]", "3", "null", '"x"'):
        response = client.post("/t/acme/api/v1/periods/years/", body, content_type="application/json")
        problem(response, 400, "request.invalid")


def test_a_body_over_the_limit_is_refused(api, controller):
    response = api(controller).post("periods/years/", {"year": "x" * 3_000_000})

    problem(response, 413, "request.body_too_large")


def test_an_unsupported_media_type_is_refused(api, controller):
    response = api(controller).client.post("/t/acme/api/v1/periods/years/", {"year": "2030"})
    problem(response, 415, "request.unsupported_media_type")

    response = api(controller).client.get("/t/acme/api/v1/periods/years/", headers={"accept": "text/xml"})
    problem(response, 406, "request.not_acceptable")


def test_all_invalid_fields_are_reported(api, controller):
    body = problem(
        api(controller).post("periods/calendars/", {"nmae": "x", "first_month": "1"}), 400, "request.invalid"
    )

    assert {error["attr"] for error in body["errors"]} == {"name", "nmae", "first_month"}


def test_a_refusal_has_its_own_code_with_context(api, controller):
    body = problem(api(controller).post("periods/years/", {"year": 3}), 422, "periods.year_out_of_range")

    assert body["errors"][0]["context"]["year"] == 3


def test_without_the_permission_the_fields_are_not_validated(api, user_without_role):
    problem(api(user_without_role).post("periods/years/", {"bogus": 1}), 403, "bus.permission_denied")
    problem(
        api(user_without_role).post("periods/years/?dry_run=true", {"year": 2030}),
        403,
        "bus.permission_denied",
    )


def test_reading_without_the_permission_is_refused(api, user_without_role):
    body = problem(api(user_without_role).get("ledger/entries/"), 403, "bus.read_permission_denied")

    assert body["errors"][0]["context"]["permission"] == "ledger.view_entry"


def test_an_unexpected_failure_discloses_no_details(api, auditor, monkeypatch):
    caller = api(auditor)
    caller.client.raise_request_exception = False

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret is swordfish")

    monkeypatch.setattr(TrialBalance, "run_query", fail)
    response = caller.get("ledger/trial-balance/")

    problem(response, 500, "request.internal_server_error")
    assert b"swordfish" not in response.content


def test_the_endpoints_of_a_disabled_module_are_not_found(api, owner, monkeypatch):
    from apps.modules import registry

    caller = api(owner)
    assert caller.get("companies/companies/").status_code == 200
    off = {module.name: module for module in registry.modules()}
    flagged = _with_flag(off["companies"], "companies")
    monkeypatch.setattr(registry, "by_name", lambda: off | {"companies": flagged})

    with override_settings(FEATURE_FLAGS={"companies": False}):
        problem(caller.get("companies/companies/"), 404, "request.not_found")
    with override_settings(FEATURE_FLAGS={"companies": True}):
        assert caller.get("companies/companies/").status_code == 200


def _with_flag(module, flag: str):
    from dataclasses import replace

    return replace(module, flag=flag)


def test_a_post_needs_the_csrf_token(acme, controller):
    client = Client(enforce_csrf_checks=True)
    page = client.get("/t/acme/accounts/login/")
    form = {"login": "controller@acme.example", "password": PASSWORD}
    token = page.context["csrf_token"]
    assert (
        client.post("/t/acme/accounts/login/", form | {"csrfmiddlewaretoken": str(token)}).status_code == 302
    )
    body = {"code": "5000", "name": "Rent", "type": "expense"}
    address = "/t/acme/api/v1/ledger/accounts/"

    without = client.post(address, body, content_type="application/json")
    token = client.get("/t/acme/api/v1/identity/me/").json()["csrf_token"]
    with_it = client.post(address, body, content_type="application/json", headers={"X-CSRFToken": token})

    problem(without, 403, "request.csrf_failed")
    assert with_it.status_code == 201, with_it.content


def test_a_form_without_the_csrf_token_is_a_page(acme):
    response = Client(enforce_csrf_checks=True).post(
        "/t/acme/accounts/login/", {}, headers={"accept": "text/html"}
    )

    assert response.status_code == 403
    assert response["Content-Type"].startswith("text/html")


def test_a_view_without_a_permission_is_not_mounted():
    from django.core.exceptions import ImproperlyConfigured

    class Careless(QueryEndpoint):
        pass

    with pytest.raises(ImproperlyConfigured, match="Careless"):
        Careless.as_view()


@pytest.mark.parametrize("address", ["api/v1/ledger/entries/", "ledger/entry/"])
def test_an_unavailable_database_is_a_503_with_retry_after(api, auditor, monkeypatch, address):
    client = api(auditor).client
    client.raise_request_exception = False
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")

    response = client.get(f"/t/acme/{address}", headers={"accept": "application/json"})

    problem(response, 503, "kernel.database_unavailable")
    assert response.headers["Retry-After"] == "5"
