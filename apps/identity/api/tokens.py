"""Signing in, going on and signing out. What is shown here says who asks, so nobody need be signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus import dispatch
from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Endpoint, ListEndpoint
from apps.identity.commands import EndSession
from apps.identity.errors import SessionUnknown
from apps.identity.models import ApiSession
from apps.identity.tokens import refreshing
from apps.identity.tokens.login import sign_in
from apps.identity.tokens.self_service import SelfService
from apps.kernel.actors import Actor

from .serializers import CredentialsSerializer, PairSerializer, RefreshSerializer, SessionSerializer
from .throttling import Throttled


class OpenEndpoint(Throttled, Endpoint):
    """Asks for no session and no token."""

    permission = SIGNED_IN
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def said(self, request: Request) -> Mapping[str, str]:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return cast(Mapping[str, str], asked.validated_data)


class SignIn(OpenEndpoint):
    """Sign in with address and password. The answer has an access token for a few minutes, to be shown as
    `Authorization: Bearer …`, and a refresh token that gets the next pair, once."""

    scope, per_minute = "sign-in", 20
    serializer_class = CredentialsSerializer

    @extend_schema(operation_id="identity_sign_in", responses={201: PairSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        server_fields = sign_in(request._request, **self.said(request))
        return _never_kept(Response(PairSerializer(server_fields).data, status=201))


class Refresh(OpenEndpoint):
    """Get the next pair of tokens for a refresh token. Each is good for one use: whoever shows a used one ends the
    session, since it may have been stolen. Ask once at a time."""

    scope, per_minute = "refresh", 60
    serializer_class = RefreshSerializer

    @extend_schema(operation_id="identity_refresh", responses={200: PairSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        pair = refreshing.next_pair(self.said(request)["refresh_token"])
        return _never_kept(Response(PairSerializer(pair.shown).data))


class SignOut(OpenEndpoint):
    """Sign out: the session of the refresh token ends, and its tokens with it, at once."""

    scope, per_minute = "sign-out", 60
    serializer_class = RefreshSerializer

    @extend_schema(operation_id="identity_sign_out", responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        session = refreshing.session_of(self.said(request)["refresh_token"])
        dispatch(EndSession(session_id=session.pk), actor=SelfService(session.user))
        return Response(status=204)


class Sessions(ListEndpoint):
    """Where I am signed in over the API: my open sessions, the newest first."""

    permission = SIGNED_IN
    serializer_class = SessionSerializer
    queryset = ApiSession.objects.none()

    def get_queryset(self) -> Any:
        return ApiSession.objects.open().filter(user_id=int(self.request.user.pk or 0))


class EndOneSession(Endpoint):
    """Sign one of my devices out. Its tokens end at once."""

    permission, command = SIGNED_IN, EndSession
    serializer_class = SessionSerializer

    @extend_schema(operation_id="identity_end_own_session", request=None, responses={204: None})
    def post(self, request: Request, session_id: int) -> Response:
        me = cast(Actor, request.user)
        if not ApiSession.objects.filter(pk=session_id, user_id=int(me.pk or 0)).exists():
            raise SessionUnknown(session_id=session_id)
        dispatch(EndSession(session_id=session_id), actor=SelfService(me))
        return Response(status=204)


def _never_kept(response: Response) -> Response:
    """By no proxy and no browser (RFC 6749 §5.1)."""
    response["Cache-Control"] = "no-store"
    return response
