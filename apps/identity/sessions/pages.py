"""Sessions and security activity in both consoles: of the signed-in user, and of any user for administrators."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import access_log
from apps.bus import dispatch
from apps.console import hooks
from apps.identity import rules
from apps.identity.commands import EndSession, EndSessions
from apps.identity.models import ApiSession, User
from apps.identity.tokens.self_service import SelfService
from apps.kernel.actors import Actor

from . import activity, browser

MANAGE = "identity.manage_users"
MAX_RECORDS_SHOWN = 100
END, END_ALL = "end", "end_all"
"""The buttons of the page."""


def own_sessions(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    user = cast(User, request.user)
    return _sessions(
        request, context, user, actor=SelfService(user), current_id=browser.session_id_of(request)
    )


def sessions_of_user(request: HttpRequest, *, context: dict[str, Any], user_id: int) -> HttpResponseBase:
    user = get_object_or_404(User, pk=user_id)
    return _sessions(request, context, user, actor=cast(Actor, request.user), current_id=None)


def own_activity(request: HttpRequest, *, context: dict[str, Any]) -> HttpResponseBase:
    return _activity(request, context, cast(User, request.user))


def activity_of_user(request: HttpRequest, *, context: dict[str, Any], user_id: int) -> HttpResponseBase:
    return _activity(request, context, get_object_or_404(User, pk=user_id))


def _sessions(
    request: HttpRequest, context: dict[str, Any], user: User, *, actor: Actor, current_id: int | None
) -> HttpResponseBase:
    if request.method == "POST":
        _end(request, user, actor, current_id)
        return redirect(request.path)
    sessions = ApiSession.objects.of(user).open().order_by("-last_used_at")
    page = {"subject": user, "sessions": sessions, "current_id": current_id}
    return TemplateResponse(request, "identity/sessions.html", context | page)


def _end(request: HttpRequest, user: User, actor: Actor, current_id: int | None) -> None:
    """The buttons. Raises SessionUnknown for a session of another user."""
    if END in request.POST:
        session = rules.session_must_be_of(user, request.POST[END])
        dispatch(EndSession(session_id=session.pk, reason="ended on the page of sessions"), actor=actor)
        messages.success(request, gettext("The session has ended. Its next request is refused."))
    elif END_ALL in request.POST:
        dispatch(EndSessions(user_id=user.pk, staying_session_id=current_id), actor=actor)
        messages.success(request, gettext("The sessions have ended. Their next requests are refused."))


def _activity(request: HttpRequest, context: dict[str, Any], user: User) -> HttpResponseBase:
    access_log.record_read(cast(Actor, request.user), {"person": user.pk}, view="history")
    records = list(activity.of(user)[: MAX_RECORDS_SHOWN + 1])
    page = {
        "subject": user,
        "records": records[:MAX_RECORDS_SHOWN],
        "more": len(records) > MAX_RECORDS_SHOWN,
    }
    return TemplateResponse(request, "identity/security_activity.html", context | page)


hooks.plug_own(
    hooks.OwnPage(path="own_sessions/", name="own_sessions", title=_("Sessions"), view=own_sessions),
    hooks.OwnPage(
        path="own_security_activity/",
        name="own_security_activity",
        title=_("Security activity"),
        view=own_activity,
    ),
)
for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Page(
            path="identity/users/<int:user_id>/sessions/",
            name="sessions_of_user",
            title=_("Sessions of a user"),
            permission=MANAGE,
            view=sessions_of_user,
        ),
        hooks.Page(
            path="identity/users/<int:user_id>/security-activity/",
            name="security_activity_of_user",
            title=_("Security activity of a user"),
            permission=MANAGE,
            view=activity_of_user,
        ),
        hooks.RowLink(
            model="identity.user",
            title=_("Sessions"),
            icon="devices",
            page="sessions_of_user",
            permission=MANAGE,
        ),
        hooks.RowLink(
            model="identity.user",
            title=_("Security activity"),
            icon="shield_person",
            page="security_activity_of_user",
            permission=MANAGE,
        ),
    )
