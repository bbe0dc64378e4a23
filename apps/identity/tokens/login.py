"""Signing in over the API: django-allauth's login, with its checks and our limits (`accounts.attempts`)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from apps.identity.allauth_internals import LoginRefused, password_login
from apps.identity.errors import CredentialsRefused, SecondFactorNeeded


def sign_in(request: HttpRequest, email: str, password: str) -> dict[str, Any]:
    """Sign in and return the tokens of `TenantTokens`. Raises CredentialsRefused, TooManyAttempts, and
    SecondFactorNeeded for an incomplete login."""
    try:
        return password_login(request, email, password)
    except LoginRefused as refused:
        if refused.stage_pending:
            raise SecondFactorNeeded from None
        raise CredentialsRefused from None
