"""All internal and undocumented names of django-allauth in use. docs/django-internals.md names the test of each.

A release of allauth may change them without notice; then only this file changes.
"""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.views import LoginView, LogoutView
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.account.inputs import LoginInput
from allauth.headless.constants import Client
from allauth.headless.internal.authkit import AuthenticationStatus, authentication_context
from allauth.headless.internal.decorators import mark_request_as_headless
from django.http import HttpRequest

__all__ = [
    "LoginRefused",
    "LoginView",
    "LogoutView",
    "is_over_the_api",
    "password_login",
]


def is_over_the_api(request: HttpRequest) -> bool:
    """Whether this is a login by `password_login`."""
    return bool(is_headless_request(request))


class LoginRefused(Exception):
    """The login failed."""

    def __init__(self, *, stage_pending: bool = False) -> None:
        self.stage_pending = stage_pending
        """A second factor, or another stage of the login, is missing."""
        super().__init__()


def password_login(request: HttpRequest, email: str, password: str) -> dict[str, Any]:
    """The login of allauth's headless API, with its checks and the adapter's limits. Returns the tokens of
    settings.HEADLESS_TOKEN_STRATEGY. Raises LoginRefused, and TooManyAttempts.

    Uses a separate session, so that a console in the same browser is neither used nor signed out.
    """
    mark_request_as_headless(request, Client.APP)
    with authentication_context(request):
        credentials = LoginInput(data={"email": email, "password": password})
        if not credentials.is_valid():
            raise LoginRefused
        response = perform_password_login(request, credentials.cleaned_data, credentials.login)
        if not request.user.is_authenticated:
            raise LoginRefused(stage_pending=bool(AuthenticationStatus(request).get_pending_stage()))
        request.session.flush()
    tokens: dict[str, Any] = json.loads(response.content)["meta"]
    return tokens
