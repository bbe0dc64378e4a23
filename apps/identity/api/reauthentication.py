"""Confirming the password over the API."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus import dispatch
from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Endpoint
from apps.bus.errors import NotForPrograms
from apps.identity.accounts import attempts
from apps.identity.accounts.commands import Reauthenticate
from apps.identity.accounts.reauthentication import confirm_password
from apps.identity.models import ApiSession, User
from apps.identity.tokens import refreshing
from apps.identity.tokens.bearer import Bearer
from apps.identity.tokens.self_service import SelfService

from .serializers import FreshTokenSerializer, PasswordSerializer
from .throttling import Throttled
from .tokens import uncached


class ConfirmPassword(Throttled, Endpoint):
    """Confirm your password. Commands that demand a fresh authentication are then possible for ten minutes, with the
    access token of the response. The refresh token stays the same."""

    permission, command = SIGNED_IN, Reauthenticate
    scope, per_minute = "reauthenticate", 20
    serializer_class = PasswordSerializer

    @extend_schema(operation_id="identity_reauthenticate", responses={200: FreshTokenSerializer})
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fresh = _fresh_token(request, serializer.validated_data["password"])
        return uncached(Response(FreshTokenSerializer(fresh).data))


def _fresh_token(request: Request, password: str) -> dict[str, Any]:
    """Raises PasswordWrong, TooManyAttempts, NotForPrograms."""
    caller: Any = request.user
    if isinstance(caller, User):
        confirm_password(request._request, password)
        return {"access_token": None, "expires_in": None}
    if not isinstance(caller, Bearer):
        raise NotForPrograms(actor=caller, title=Reauthenticate.title().lower())
    command = Reauthenticate(user_id=caller.pk, password=password, session_id=caller.claims["sid"])
    with attempts.password_attempt(request._request, caller.email):
        session = cast(ApiSession, dispatch(command, actor=SelfService(caller)))
    access_token, expires_in = refreshing.access_token_of(session)
    return {"access_token": access_token, "expires_in": expires_in}
