"""Signing in over the API: django-allauth's login, with its checks and rate limits."""

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
    """Sign in and return the tokens of `TenantTokens`. Raises CredentialsRefused, TooManyAttempts, and
    SecondFactorNeeded for an incomplete login.

    Uses a separate session, so that a console in the same browser is neither used nor signed out.
    """
    mark_request_as_headless(request, Client.APP)
    with authentication_context(request):
        credentials = LoginInput(data={"email": email, "password": password})
        if not credentials.is_valid():
            raise TooManyAttempts if credentials.has_error("__all__", ATTEMPTS) else CredentialsRefused
        response = perform_password_login(request, credentials.cleaned_data, credentials.login)
        if not request.user.is_authenticated:
            raise _missing_step(request)
        request.session.flush()
    tokens: dict[str, Any] = json.loads(response.content)["meta"]
    return tokens


def _missing_step(request: HttpRequest) -> CredentialsRefused | SecondFactorNeeded:
    if AuthenticationStatus(request).get_pending_stage():
        return SecondFactorNeeded()
    return CredentialsRefused()
