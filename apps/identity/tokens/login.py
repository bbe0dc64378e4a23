"""Signing in over the API: django-allauth's own login, with all its stages and limits."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.headless.account.inputs import LoginInput
from allauth.headless.constants import Client
from allauth.headless.internal.authkit import AuthenticationStatus, authentication_context
from allauth.headless.internal.decorators import mark_request_as_headless
from django.http import HttpRequest

from apps.identity.errors import CredentialsRefused, SecondFactorNeeded, TooManyAttempts

ATTEMPTS = "too_many_login_attempts"


def sign_in(request: HttpRequest, email: str, password: str) -> dict[str, Any]:
    """What `TenantTokens` gives. Raises CredentialsRefused, TooManyAttempts, and SecondFactorNeeded while a stage of
    the login is left.

    It happens in a session of its own, so that a console in the same browser is neither used nor logged out.
    """
    mark_request_as_headless(request, Client.APP)
    with authentication_context(request):
        asked = LoginInput(data={"email": email, "password": password})
        if not asked.is_valid():
            raise TooManyAttempts if asked.has_error("__all__", ATTEMPTS) else CredentialsRefused
        answer = perform_password_login(request, asked.cleaned_data, asked.login)
        if not request.user.is_authenticated:
            raise _what_is_missing(request)
        request.session.flush()
    said: dict[str, Any] = json.loads(answer.content)["meta"]
    return said


def _what_is_missing(request: HttpRequest) -> CredentialsRefused | SecondFactorNeeded:
    if AuthenticationStatus(request).get_pending_stage():
        return SecondFactorNeeded()
    return CredentialsRefused()
