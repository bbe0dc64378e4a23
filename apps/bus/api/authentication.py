"""Authentication of API requests by the session of the console. Tokens are in `apps.identity`."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.exceptions import ParseError, PermissionDenied
from rest_framework.request import Request


class ConsoleSession(SessionAuthentication):
    """Responds with 401 instead of 403 without a session; a missing CSRF token has a code of its own."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: HttpRequest) -> None:
        check = CSRFCheck(_no_view)
        check.process_request(request)
        try:
            reason = check.process_view(request, _no_view, (), {})  # it looks for the token in a form, too
        except (MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
            raise ParseError(gettext("The body is not JSON.")) from None
        if reason:
            raise PermissionDenied(f"The CSRF token will not do: {reason}", code="csrf_failed")


def _no_view(request: HttpRequest) -> HttpResponse:
    """The check needs a view, and does not call it."""
    return HttpResponse()
