"""The session of a visit: the user's, with the operator's name in it."""

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
    """What every page of a visit says."""

    number: int
    operator: str
    reason: str
    ends_at: dt.datetime

    @property
    def support(self) -> Support:
        return Support(self.operator, self.number)

    @property
    def minutes(self) -> int:
        """Left, begun ones counted whole."""
        return max(0, -(-int((self.ends_at - now()).total_seconds()) // 60))


def sign_in(request: HttpRequest, user: User, support_session: SupportSession) -> None:
    """Without Django's `login`: the user himself did not sign in, so his last login stays what it was.

    What the browser brought along, key and content, is thrown away first, so that nobody can have prepared it.
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
    """The visit to which this session belongs; none for everybody else, at the cost of a look at what is loaded."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    kept = request.session.get(KEY)
    if kept is None:
        return None
    return ActiveSupport(**{**kept, "ends_at": dt.datetime.fromisoformat(kept["ends_at"])})
