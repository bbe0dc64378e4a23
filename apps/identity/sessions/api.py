"""Sessions and security activity over the API: of the caller, and of any user for administrators."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.audit import access_log
from apps.audit.api.serializers import RecordSerializer
from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.serializers import ReadSerializer
from apps.bus.api.views import CommandEndpoint, Endpoint, ListEndpoint
from apps.identity import rules
from apps.identity.commands import EndSession, EndSessions
from apps.identity.models import ApiSession
from apps.identity.tokens.access import Claims
from apps.identity.tokens.self_service import SelfService
from apps.kernel.actors import Actor

from . import activity, browser

MANAGE = "identity.manage_users"


class SessionSerializer(ReadSerializer):
    """A device that is signed in."""

    class Meta:
        model = ApiSession
        fields = ("id", "kind", "device", "address", "began_at", "last_used_at", "expires_at")


class Sessions(ListEndpoint):
    """The caller's open sessions in the console and over the API, newest first."""

    permission = SIGNED_IN
    serializer_class = SessionSerializer
    queryset = ApiSession.objects.none()

    def get_queryset(self) -> QuerySet[ApiSession]:
        return ApiSession.objects.open().filter(user_id=_caller_id(self.request))


class SessionsOfUser(ListEndpoint):
    """The open sessions of a user, newest first."""

    permission = MANAGE
    serializer_class = SessionSerializer
    queryset = ApiSession.objects.none()

    def get_queryset(self) -> QuerySet[ApiSession]:
        return ApiSession.objects.open().of(rules.user_must_exist(self.kwargs["user_id"]))


class EndOneSession(Endpoint):
    """End a session of the caller. Its next request is refused."""

    permission, command = SIGNED_IN, EndSession
    serializer_class = SessionSerializer

    @extend_schema(operation_id="identity_end_own_session", request=None, responses={204: None})
    def post(self, request: Request, session_id: int) -> Response:
        user = rules.user_must_exist(_caller_id(request))
        session = rules.session_must_be_of(user, session_id)
        dispatch(EndSession(session_id=session.pk), actor=SelfService(cast(Actor, request.user)))
        return Response(status=204)


class EndOtherSessions(Endpoint):
    """End all sessions of the caller but the one of this request."""

    permission, command = SIGNED_IN, EndSessions
    serializer_class = SessionSerializer

    @extend_schema(operation_id="identity_end_other_sessions", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        user = rules.user_must_exist(_caller_id(request))
        staying = (
            cast(Claims, request.auth)["sid"] if request.auth else browser.session_id_of(request._request)
        )
        command = EndSessions(user_id=user.pk, staying_session_id=staying)
        dispatch(command, actor=SelfService(cast(Actor, request.user)))
        return Response(status=204)


class EndSessionsOfUser(CommandEndpoint):
    command, result, status, server_fields = EndSessions, None, 204, ("user_id",)


class SecurityActivity(ListEndpoint):
    """Sign-ins, sessions, and changes of the caller's account in the audit log, newest first."""

    permission = SIGNED_IN
    serializer_class = RecordSerializer
    queryset = Record.objects.none()

    def get_queryset(self) -> QuerySet[Record]:
        return activity.of(rules.user_must_exist(self.user_id))

    def get(self, request: Request, **server_fields: Any) -> Response:
        response = super().get(request, **server_fields)
        access_log.record_read(cast(Actor, request.user), {"person": self.user_id}, view="history")
        return response

    @property
    def user_id(self) -> int:
        return _caller_id(self.request)


class SecurityActivityOfUser(SecurityActivity):
    """Sign-ins, sessions, and changes of a user's account in the audit log, newest first."""

    permission = MANAGE

    @property
    def user_id(self) -> int:
        return int(self.kwargs["user_id"])


def _caller_id(request: Request) -> int:
    return int(request.user.pk or 0)
