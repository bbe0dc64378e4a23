"""The session of a browser in a console: its row ends with it, and it ends with its row."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from apps.bus import dispatch
from apps.identity.commands import BeginConsoleSession, EndSession
from apps.identity.models import ApiSession, TokenStatus, User, token_statuses
from apps.identity.tokens.self_service import SelfService
from apps.kernel.clock import now
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.text import sanitised

KEY = "session_id"
"""The id of the row, in the content of the session."""


def begin(request: HttpRequest, user: User) -> None:
    """After sign-in. Raises CredentialsRefused if the password changed meanwhile."""
    command = BeginConsoleSession(
        user_id=user.pk, epoch=user.epoch, device=device_of(request), address=address_of(request)
    )
    session: ApiSession = dispatch(command, actor=SelfService(user))
    request.session[KEY] = session.pk


def device_of(request: HttpRequest) -> str:
    return sanitised(request.headers.get("User-Agent", "")[:200])


def address_of(request: HttpRequest) -> str:
    """The address of the client before our own proxies."""
    return str(get_adapter().get_client_ip(request))


def session_id_of(request: HttpRequest) -> int | None:
    """Without a session cookie nothing is loaded."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    session_id: int | None = request.session.get(KEY)
    return session_id


class OpenSessionMiddleware:
    """Runs after authentication. A session that was ended elsewhere is signed out at its next request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_id = session_id_of(request)
        if session_id is None:
            return self.get_response(request)
        is_use_recorded = request.session.modified  # the store records a use once in a while
        status = token_statuses.get(session_id)
        if status is None:
            request.session.flush()
            request.user = AnonymousUser()
            return self.get_response(request)
        if is_use_recorded:
            with unit_of_work():
                ApiSession.objects.filter(pk=session_id).update(last_used_at=now())
        response = self.get_response(request)
        if request.session.get(KEY) != session_id:
            _end(session_id, status)
        return response


def _end(session_id: int, status: TokenStatus) -> None:
    """The browser signed out, or its session was replaced."""
    with unit_of_work():
        user = User.objects.get(pk=status.user_id)
    dispatch(EndSession(session_id=session_id), actor=SelfService(user))
