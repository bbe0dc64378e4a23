"""Every endpoint of both planes is shut: a new one enters this test by itself."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Endpoint
from apps.tenancy import numbering
from tests.support.endpoints import PLANES, endpoints

METHODS = ("get", "post")
DOCUMENTS = ("/api/schema/", "/api/docs/")
SIGNED = ("/api/v1/webhooks/in/1/",)
"""Where the signature of a message says who it is."""
OPEN = tuple(f"/api/v1/identity/tokens/{door}" for door in ("", "refresh/", "revoke/"))
"""Where what is shown says who asks: a password, or a refresh token."""


def test_there_are_endpoints():
    assert len(endpoints("operator")) >= 8
    assert len(endpoints("tenant")) >= 20


@pytest.mark.slow("asks every endpoint")
@pytest.mark.parametrize("plane", PLANES)
def test_every_endpoint_is_shut_to_strangers(plane, acme):
    prefix = "" if plane == "operator" else "/t/acme"
    for address, _ in endpoints(plane):
        if address in OPEN:
            continue
        for method in METHODS:
            response = getattr(Client(), method)(prefix + address)
            assert response.status_code in (401, 404), (method, address, response.status_code)
            assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("plane", PLANES)
def test_every_endpoint_says_who_may_use_it(plane):
    known = numbering.committed()["permissions"]
    for address, view in endpoints(plane):
        if address in DOCUMENTS + SIGNED + OPEN:
            continue
        assert issubclass(view, Endpoint), address
        reading = [view.permission] if hasattr(view, "get") else []
        asking = [view.command.permission] if hasattr(view, "post") else []
        assert {*reading, *asking} - {SIGNED_IN} <= set(known), address


@pytest.mark.parametrize("plane", PLANES)
def test_nobody_without_a_role_may_do_anything(plane, api, user_without_role, operator_without_role):
    caller = api(user_without_role) if plane == "tenant" else api(operator_without_role, None)
    prefix = "" if plane == "operator" else "/t/acme"
    for address, view in endpoints(plane):
        if (
            address in SIGNED
            or not issubclass(view, Endpoint)
            or getattr(view, "permission", None) == SIGNED_IN
        ):
            continue
        for method, can in (("get", hasattr(view, "get")), ("post", hasattr(view, "post"))):
            response = getattr(caller.client, method)(prefix + address, content_type="application/json")
            assert response.status_code == (403 if can else 405), (method, address, response.content)
