"""Tokens in addresses do not reach logs and traces: an address that is refused is logged by Django."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver

from apps.identity.models import Invitation
from apps.kernel.files.local import DOWNLOAD
from apps.kernel.observability.logs import formatter
from apps.kernel.observability.redaction import clean_text
from apps.kernel.plain import SECRET
from apps.kernel.random_tokens import new_token
from apps.kernel.tenant import activate

TOKENS = re.compile(r"<(?:\w+:)?(?:token|ticket)>")


def routes(patterns: Any, prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and TOKENS.search(route):
            yield route


@pytest.mark.parametrize("urlconf", [settings.ROOT_URLCONF, settings.OPERATOR_URLCONF])
def test_the_token_of_each_address_is_masked(urlconf):
    token = DOWNLOAD.sign(name="a.pdf")
    mounted = list(routes(import_module(urlconf).urlpatterns))

    lines = {route: clean_text(f"Gone: /t/acme{TOKENS.sub(token, route)}") for route in mounted}

    assert len(lines) > 3
    assert {route: TOKENS.sub(SECRET, f"Gone: /t/acme{route}") for route in mounted} == lines


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """The log, as JSON lines."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(formatter("json"))
    logging.getLogger().addHandler(handler)
    yield log
    logging.getLogger().removeHandler(handler)


def test_the_link_of_an_invitation_is_not_logged_when_the_password_is_refused(acme, owner, written):
    with activate(acme):
        invitation = Invitation(email="ada@acme.example", name="Ada")
        invitation.issue(str(owner))
        token = invitation.sign_token()

    weak = {"new_password": "a" * 12, "repeated_password": "a" * 12}
    response = Client().post(f"/t/acme/accounts/invitation/{token}/", weak)

    assert response.status_code == 422
    assert f"/t/acme/accounts/invitation/{SECRET}/" in written.getvalue()
    assert token not in written.getvalue()


def test_the_path_of_a_file_is_not_masked():
    for path in ("apps/kernel/files/store.py", f"/files/{new_token()}.pdf"):
        assert clean_text(path) == path
