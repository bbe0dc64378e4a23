"""Every request of a visit: is it still one, and whose hand is it?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.identity.models import User
from apps.kernel.actors import System, really
from apps.kernel.errors import Refusal
from apps.kernel.problems import problem_response

from . import rules, sessions, visits
from .errors import ImpersonationUnknown, NotForSupport, VisitIsOver
from .models import How

LOGOUT = "account_logout"


class SupportMiddleware:
    """Inside the authentication. It asks the platform at every request, so whatever ends a visit ends it now."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        inside = sessions.inside(request)
        if inside is None:
            return self.get_response(request)
        if how := _why_over(request, inside.number):
            sessions.sign_out(request)
            with suppress(ImpersonationUnknown):
                visits.end(inside.number, how)
            return problem_response(request, VisitIsOver(how=how.label))
        request.support = inside  # type: ignore[attr-defined]
        request.real_actor = inside.support  # type: ignore[attr-defined]  # for the request's own log line
        with really(inside.support):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponseBase | None:
        """Passwords, addresses and whatever else django-allauth keeps of a person are not support's; leaving by its
        door is leaving."""
        inside: sessions.Inside | None = getattr(request, "support", None)
        if inside is None or not view.__module__.startswith("allauth."):
            return None
        if request.resolver_match and request.resolver_match.view_name == LOGOUT:
            if request.method == "POST":
                visits.end(inside.number, How.LEFT, by=System(inside.operator))
            return None
        return problem_response(request, NotForSupport(user=request.user, support=inside.support))


def _why_over(request: HttpRequest, number: int) -> How | None:
    how, as_manager = visits.standing(number)
    if how:
        return how
    with transaction.atomic():
        if not isinstance(request.user, User):
            return How.USER_CHANGED
        try:
            rules.user_must_be_below(request.user, as_manager=as_manager)
        except Refusal:
            return How.USER_CHANGED
        try:
            rules.support_must_be_welcome()
        except Refusal:
            return How.NOT_WANTED
        return None


def context(request: HttpRequest) -> dict[str, Any]:
    """For the banner."""
    return {"support": getattr(request, "support", None)}
