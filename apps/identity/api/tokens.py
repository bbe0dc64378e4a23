"""Sign-in, refresh and sign-out. The request itself contains the credentials, so no authentication precedes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus import dispatch
from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Endpoint
from apps.identity.commands import EndSession
from apps.identity.tokens import refreshing
from apps.identity.tokens.login import sign_in
from apps.identity.tokens.self_service import SelfService

from .serializers import CredentialsSerializer, PairSerializer, RefreshSerializer
from .throttling import Throttled


class OpenEndpoint(Throttled, Endpoint):
    """An endpoint without authentication."""

    permission = SIGNED_IN
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def payload(self, request: Request) -> Mapping[str, str]:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return cast(Mapping[str, str], serializer.validated_data)


class SignIn(OpenEndpoint):
    """Sign in with address and password. The response has a short-lived access token for the header
    `Authorization: Bearer …`, and a refresh token for the next pair, valid once."""

    scope, per_minute = "sign-in", 20
    serializer_class = CredentialsSerializer

    @extend_schema(operation_id="identity_sign_in", responses={201: PairSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        tokens = sign_in(request._request, **self.payload(request))
        return uncached(Response(PairSerializer(tokens).data, status=201))


class Refresh(OpenEndpoint):
    """Exchange a refresh token for the next pair of tokens. A refresh token is valid for one use: a second use ends the
    session, as the token may have been stolen. Refresh one request at a time."""

    scope, per_minute = "refresh", 60
    serializer_class = RefreshSerializer

    @extend_schema(operation_id="identity_refresh", responses={200: PairSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        pair = refreshing.next_pair(self.payload(request)["refresh_token"])
        return uncached(Response(PairSerializer(pair.as_json).data))


class SignOut(OpenEndpoint):
    """Sign out: end the session of the refresh token and invalidate its tokens at once."""

    scope, per_minute = "sign-out", 60
    serializer_class = RefreshSerializer

    @extend_schema(operation_id="identity_sign_out", responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        session = refreshing.session_of(self.payload(request)["refresh_token"])
        dispatch(EndSession(session_id=session.pk), actor=SelfService(session.user))
        return Response(status=204)


def uncached(response: Response) -> Response:
    """Forbids caching by proxies and browsers (RFC 6749 §5.1)."""
    response["Cache-Control"] = "no-store"
    return response
