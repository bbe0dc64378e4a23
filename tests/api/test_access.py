"""Every endpoint of both planes requires authentication and a permission; new endpoints are included automatically."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Endpoint
from apps.flags.api.programs import ProtocolEndpoint
from apps.tenancy import numbering
from tests.support.endpoints import PLANES, endpoints

METHODS = ("get", "post")
DOCUMENTS = ("/api/schema/", "/api/docs/")
SIGNED = ("/api/v1/webhooks/in/1/",)
"""Authenticated by the signature of the message."""
OPEN = tuple(f"/api/v1/identity/tokens/{action}" for action in ("", "refresh/", "revoke/"))
"""Authenticated by a password or a refresh token in the body."""


def test_both_planes_have_endpoints():
    assert len(endpoints("operator")) >= 8
    assert len(endpoints("tenant")) >= 20


@pytest.mark.slow("requests every endpoint")
@pytest.mark.parametrize("plane", PLANES)
def test_every_endpoint_refuses_anonymous_requests(plane, acme):
    prefix = "" if plane == "operator" else "/t/acme"
    for address, view in endpoints(plane):
        if address in OPEN:
            continue
        for method in METHODS:
            response = getattr(Client(), method)(prefix + address)
            assert response.status_code in (401, 404), (method, address, response.status_code)
            is_of_protocol = isinstance(view, type) and issubclass(view, ProtocolEndpoint)
            form = "application/json" if is_of_protocol else "application/problem+json"
            assert response["Content-Type"] == form


@pytest.mark.parametrize("plane", PLANES)
def test_every_endpoint_names_an_existing_permission(plane):
    known = numbering.committed()["permissions"]
    for address, view in endpoints(plane):
        if address in DOCUMENTS + SIGNED + OPEN:
            continue
        assert issubclass(view, Endpoint), address
        read_permissions = [view.permission] if hasattr(view, "get") else []
        command_permissions = [view.command.permission] if hasattr(view, "command") else []
        assert {*read_permissions, *command_permissions} - {SIGNED_IN} <= set(known), address


@pytest.mark.parametrize("plane", PLANES)
def test_a_user_without_a_role_is_refused_everywhere(plane, api, user_without_role, operator_without_role):
    caller = api(user_without_role) if plane == "tenant" else api(operator_without_role, None)
    prefix = "" if plane == "operator" else "/t/acme"
    for address, view in endpoints(plane):
        if (
            address in SIGNED
            or not issubclass(view, Endpoint)
            or getattr(view, "permission", None) == SIGNED_IN
        ):
            continue
        for method in ("get", "post", "patch"):
            is_allowed = hasattr(view, method)
            response = getattr(caller.client, method)(prefix + address, content_type="application/json")
            assert response.status_code == (403 if is_allowed else 405), (method, address, response.content)
