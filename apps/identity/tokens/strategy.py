"""How django-allauth's login hands out tokens of ours. Its own are good at every tenant with a user of that id."""

from __future__ import annotations

from typing import Any

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest

from apps.bus import dispatch
from apps.identity.commands import BeginSession
from apps.identity.models import ApiSession
from apps.kernel.errors import Refusal

from . import refreshing
from .self_service import SelfService


class TenantTokens(SessionTokenStrategy):  # type: ignore[misc]  # the package has no types
    """settings.HEADLESS_TOKEN_STRATEGY. While a login has stages left, such as a second factor, allauth keeps them in
    a session of Redis; when the last one is passed, it asks here for the tokens."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        user: Any = request.user
        device = request.headers.get("User-Agent", "")[:200]
        command = BeginSession(user_id=user.pk, epoch=user.epoch, device=device)
        session: ApiSession = dispatch(command, actor=SelfService(user))
        return refreshing.first_pair(session).shown

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        try:
            pair = refreshing.next_pair(refresh_token)
        except Refusal:
            return None
        return pair.access_token, pair.refresh_token
