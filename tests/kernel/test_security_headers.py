"""Content-Security-Policy and Permissions-Policy of every kind of response."""

from __future__ import annotations

import pytest
from django.test import Client

POLICY, PERMISSIONS = "Content-Security-Policy", "Permissions-Policy"
HTML = {"Accept": "text/html"}


@pytest.fixture
def policies(settings):
    return settings.CONTENT_SECURITY_POLICIES


def test_pages_of_a_console_alone_may_evaluate_scripts(client_for, owner, policies):
    client = client_for(owner)

    for path in ("/t/acme/", "/t/acme/ledger/account/", "/t/acme/periods/", "/t/acme/own_sessions/"):
        assert client.get(path)[POLICY] == policies["console"], path
    for path in ("/t/acme/ledger/account/?x=1", "/t/acme/nowhere/", "/t/acme/ledger/account/?q=%00"):
        response = client.get(path, headers=HTML)
        assert (response.status_code >= 400, response[POLICY]) == (True, policies["page"]), path
    assert client.get("/t/acme/api/docs/")[POLICY] == policies["documentation"]
    assert client.get("/t/acme/api/v1/periods/")[POLICY] == policies["api"]


def test_responses_without_sign_in_have_the_strict_policies(acme, policies):
    client = Client()
    for path, kind in {
        "/accounts/login/": "page",
        "/t/acme/accounts/login/": "page",
        "/t/acme/accounts/password/reset/": "page",
        "/t/nowhere/": "page",
        "/t/nowhere/api/v1/periods/": "api",
        "/t/acme/api/v1/periods/": "api",
        "/t/acme/api/docs/": "api",
        "/api/v1/x?a=%00": "api",
        "/%00": "page",
        "/healthz": "page",
        "/static/console/plain.css": "page",
    }.items():
        response = client.get(path, headers=HTML)
        assert response[POLICY] == policies[kind], path
        assert "camera=()" in response[PERMISSIONS], path


def test_no_policy_allows_inline_scripts_other_origins_or_frames(policies):
    for kind, policy in policies.items():
        directives = dict(part.split(" ", 1) for part in policy.split("; "))
        assert (
            directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
        ), kind
        assert "'unsafe-inline'" not in directives.get("script-src", ""), kind
        assert ("'unsafe-eval'" in policy) == (kind == "console"), kind
        assert "*" not in policy, kind
    assert "script-src" not in policies["page"] + policies["api"]


def test_a_form_may_lead_to_the_public_address_of_the_operators_console(settings, policies):
    """A support session begins and ends there, and browsers apply the directive to redirects."""
    for kind in ("page", "console"):
        assert policies[kind].endswith(f"form-action 'self' {settings.PUBLIC_URL}")
