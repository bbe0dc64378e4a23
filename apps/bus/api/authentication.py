"""Authentication of API requests by the session of the console. Tokens are in `apps.identity`."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request


class ConsoleSession(SessionAuthentication):
    """Responds with 401 instead of 403 without a session; a missing CSRF token has a code of its own."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: HttpRequest) -> None:
        check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # it is asked for its verdict alone
        check.process_request(request)
        if reason := check.process_view(request, None, (), {}):  # type: ignore[arg-type]
            raise PermissionDenied(f"The CSRF token will not do: {reason}", code="csrf_failed")
