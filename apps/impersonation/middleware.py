"""Validates the support session at every request, and attributes the request to its operator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.identity.models import User
from apps.kernel.actors import Support, System, impersonated_by
from apps.kernel.errors import Refusal
from apps.kernel.problems.responses import problem_response

from . import browser_sessions, lifecycle, rules
from .errors import ImpersonationUnknown, NotForSupport, SupportSessionIsOver
from .models import EndReason

LOGOUT = "account_logout"
PAGES_OF_ACCOUNTS = ("allauth.", "apps.identity.accounts.", "apps.identity.invitations.")
"""Modules of views."""


class SupportRequest(HttpRequest):
    """A request in a support session. `impersonator` is for the request's own log line."""

    support: browser_sessions.ActiveSupport
    impersonator: Support


class SupportMiddleware:
    """Runs after authentication. It reads the platform's row at every request, so the end of a session is immediate."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: SupportRequest) -> HttpResponse:
        active_support = browser_sessions.active_support(request)
        if active_support is None:
            return self.get_response(request)
        if end_reason := _due_end_reason(request, active_support.number):
            browser_sessions.sign_out(request)
            with suppress(ImpersonationUnknown):
                lifecycle.end(active_support.number, end_reason)
            return problem_response(request, SupportSessionIsOver(end_reason=end_reason.label))
        request.support, request.impersonator = active_support, active_support.support
        with impersonated_by(active_support.support):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponseBase | None:
        """Support has no access to the pages for passwords and addresses; its logout ends the session."""
        active_support: browser_sessions.ActiveSupport | None = getattr(request, "support", None)
        if active_support is None or not view.__module__.startswith(PAGES_OF_ACCOUNTS):
            return None
        if request.resolver_match and request.resolver_match.view_name == LOGOUT:
            if request.method == "POST":
                lifecycle.end(active_support.number, EndReason.LEFT, by=System(active_support.operator))
            return None
        return problem_response(request, NotForSupport(user=request.user, support=active_support.support))


def _due_end_reason(request: HttpRequest, number: int) -> EndReason | None:
    end_reason, as_manager = lifecycle.session_status(number)
    if end_reason:
        return end_reason
    with transaction.atomic():
        if not isinstance(request.user, User):
            return EndReason.USER_CHANGED
        try:
            rules.user_must_have_lower_privilege(request.user, as_manager=as_manager)
        except Refusal:
            return EndReason.USER_CHANGED
        try:
            rules.support_access_must_be_allowed()
        except Refusal:
            return EndReason.ACCESS_DISABLED
        return None


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context of the banner."""
    return {"support": getattr(request, "support", None)}
