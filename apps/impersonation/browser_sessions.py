"""The browser session of a support session: signed in as the user, with the operator's name in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from apps.identity.models import User
from apps.kernel.actors import Support
from apps.kernel.clock import now

from .models import SupportSession

KEY = "support"


@dataclass(frozen=True)
class ActiveSupport:
    """The data for the banner on every page of a support session."""

    number: int
    operator: str
    reason: str
    ends_at: dt.datetime

    @property
    def support(self) -> Support:
        return Support(self.operator, self.number)

    @property
    def minutes(self) -> int:
        """Remaining minutes, rounded up."""
        return max(0, -(-int((self.ends_at - now()).total_seconds()) // 60))


def sign_in(request: HttpRequest, user: User, support_session: SupportSession) -> None:
    """Signs the browser in without Django's `login`, which would overwrite the last login of the user.

    The previous session of the browser is deleted, key and content, to prevent session fixation.
    """
    request.session.flush()
    request.session[SESSION_KEY] = user._meta.pk.value_to_string(user)
    request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request.session[KEY] = {
        "number": support_session.number,
        "operator": support_session.operator,
        "reason": support_session.reason,
        "ends_at": support_session.ends_at.isoformat(),
    }
    request.session.set_expiry(support_session.ends_at)
    rotate_token(request)


def sign_out(request: HttpRequest) -> None:
    request.session.flush()


def active_support(request: HttpRequest) -> ActiveSupport | None:
    """The support session of this browser session, if any; without a session cookie nothing is loaded."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    data = request.session.get(KEY)
    if data is None:
        return None
    return ActiveSupport(**{**data, "ends_at": dt.datetime.fromisoformat(data["ends_at"])})
