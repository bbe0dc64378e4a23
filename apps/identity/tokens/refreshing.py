"""Refresh tokens: random, stored as a digest, each valid for one use.

A second use means that thief and owner both have the token, and they cannot be distinguished, so the session ends. A
client must refresh one request at a time, and store the new token before it deletes the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.bus import dispatch
from apps.identity.commands import EndStolenSession
from apps.identity.errors import RefreshTokenReused, RefreshTokenUnknown, SessionEnded
from apps.identity.models import ApiSession, RefreshToken
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.db.callbacks import afterwards
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.random_tokens import digest_of, new_token

from . import access

ACTOR = System("System (API tokens)")
PURPOSE = "identity.refresh_token"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An access token, and the refresh token for the next pair."""

    session: ApiSession
    access_token: str
    refresh_token: str
    expires_in: int

    @property
    def as_json(self) -> dict[str, Any]:
        """The body of the response."""
        return {
            "token_type": "Bearer",
            "access_token": self.access_token,
            "expires_in": self.expires_in,
            "refresh_token": self.refresh_token,
            "session_id": self.session.pk,
        }


def first_pair(session: ApiSession) -> Pair:
    return _pair(session)


def next_pair(presented: str) -> Pair:
    """Exchange a refresh token. Raises RefreshTokenUnknown, SessionEnded, and RefreshTokenReused, which also ends the
    session."""
    try:
        with unit_of_work():
            return _rotated(presented)
    except RefreshTokenReused as reused:
        stolen = EndStolenSession(session_id=int(str(reused.context["session_id"])))
        afterwards(lambda: dispatch(stolen, actor=ACTOR))
        raise


def session_of(presented: str) -> ApiSession:
    """The session that the holder of the refresh token may end. Raises RefreshTokenUnknown."""
    return _known(presented).session


def _rotated(presented: str) -> Pair:
    token, at = _known(presented), now()
    if not token.session.is_open:
        raise SessionEnded
    if token.used_at is None and token.expires_at <= at:
        raise SessionEnded
    if not RefreshToken.objects.claim(token, at):
        raise RefreshTokenReused(session_id=token.session_id)
    token.session.last_used_at = at
    token.session.save(update_fields=["last_used_at"])
    return _pair(token.session)


def _known(presented: str) -> RefreshToken:
    token = (
        RefreshToken.objects.select_related("session__user")
        .filter(digest=digest_of(PURPOSE, presented))
        .first()
    )
    if token is None:
        raise RefreshTokenUnknown
    return token


def access_token_of(session: ApiSession) -> tuple[str, int]:
    """A new access token, and its lifetime in seconds."""
    at = now()
    until = min(at + settings.ACCESS_TOKEN_LIFE, session.expires_at)
    return access.issue(session, until), int((until - at).total_seconds())


def _pair(session: ApiSession) -> Pair:
    at, token = now(), new_token()
    access_token, expires_in = access_token_of(session)
    RefreshToken.objects.create(
        session=session,
        digest=digest_of(PURPOSE, token),
        issued_at=at,
        expires_at=min(at + settings.REFRESH_TOKEN_IDLE, session.expires_at),
    )
    return Pair(
        session=session,
        access_token=access_token,
        refresh_token=token,
        expires_in=expires_in,
    )
