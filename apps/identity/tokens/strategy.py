"""Replaces the tokens of django-allauth, which would be valid in every tenant with a user of the same id."""

from __future__ import annotations

from typing import Any

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest

from apps.bus import dispatch
from apps.identity.commands import BeginSession
from apps.identity.models import ApiSession
from apps.identity.sessions import browser
from apps.kernel.errors import Refusal

from . import refreshing
from .self_service import SelfService


class TenantTokens(SessionTokenStrategy):
    """settings.HEADLESS_TOKEN_STRATEGY. allauth stores an incomplete login, such as one before its second factor, in a
    session in Redis; after the last stage it gets the tokens here."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any]:
        user: Any = request.user
        command = BeginSession(
            user_id=user.pk,
            epoch=user.epoch,
            device=browser.device_of(request),
            address=browser.address_of(request),
        )
        session: ApiSession = dispatch(command, actor=SelfService(user))
        return refreshing.first_pair(session).as_json

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        try:
            pair = refreshing.next_pair(refresh_token)
        except Refusal:
            return None
        return pair.access_token, pair.refresh_token
