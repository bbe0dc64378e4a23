"""When a session last proved who uses it: at sign-in, and whenever the password is confirmed again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.bus import dispatch
from apps.identity.models import User
from apps.identity.tokens.self_service import SelfService
from apps.kernel.authentication import Authentication, authenticated_by, note_authentication
from apps.kernel.clock import now

from . import attempts
from .commands import Reauthenticate

KEY = "authenticated_at"


class AuthenticationMiddleware:
    """Every request has an authentication: that of its session, until a token replaces it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with authenticated_by(Authentication(_of_session(request))):
            return self.get_response(request)


def remember(request: HttpRequest) -> None:
    """The user of the session has just proved their identity."""
    at = now()
    request.session[KEY] = at.isoformat()
    note_authentication(at)


def confirm_password(request: HttpRequest, password: str) -> None:
    """settings.REAUTHENTICATE: for the session of a console, which gets a new key, so that a stolen one ends.

    Raises PasswordWrong, TooManyAttempts, AttemptsUnavailable.
    """
    user = cast(User, request.user)
    with attempts.password_attempt(request, user.email):
        dispatch(Reauthenticate(user_id=user.pk, password=password), actor=SelfService(user))
    request.session.cycle_key()
    remember(request)


def _of_session(request: HttpRequest) -> dt.datetime | None:
    """Without a session cookie nothing is loaded."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    at = request.session.get(KEY)
    return dt.datetime.fromisoformat(at) if at else None
