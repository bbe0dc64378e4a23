"""Views of three lines: each asks one command or answers one question, and who may use it is said in one place.

`class CloseOnePeriod(Asks): command, result, status = ClosePeriod, PeriodSerializer, 200`
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus import Command, dispatch, dispatch_once, dry_run
from apps.bus.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing, PermissionDenied
from apps.kernel.actors import Actor
from apps.kernel.problems import reason_of

from .paging import Paging
from .serializers import DryRunResult, serializer_for

KEY, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_VISIBLE = re.compile(r"\A[!-~]{1,255}\Z")
AnySerializer = type[serializers.BaseSerializer[Any]]


class Endpoint(GenericAPIView[Any]):
    """Refuses to be mounted without a permission, and a query parameter that it does not understand."""

    permission: ClassVar[str]
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    filter_backends: Sequence[Any] = ()

    @classmethod
    def as_view(cls, **options: Any) -> Any:
        if hasattr(cls, "get") and not getattr(cls, "permission", ""):
            raise ImproperlyConfigured(f"{cls.__name__} can be read and names no permission.")
        return super().as_view(**options)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _refuse_unknown(request.query_params, self.understood(str(request.method)))

    def understood(self, method: str) -> Collection[str]:
        """The query parameters that mean something here."""
        return ()


class ListEndpoint(ListModelMixin, Endpoint):
    """GET: rows of `queryset`, filtered by `filterset_class`, in pages."""

    pagination_class = Paging
    filter_backends = (DjangoFilterBackend,)

    def get(self, request: Request, **server_fields: Any) -> Response:
        return self.list(request)

    def understood(self, method: str) -> Collection[str]:
        if method == "POST":
            return super().understood(method)
        filters = getattr(self, "filterset_class", None)
        return {
            "cursor",
            "page_size",
            *super().understood(method),
            *(filters.base_filters if filters else ()),
        }


class DetailEndpoint(RetrieveModelMixin, Endpoint):
    """GET: one row of `queryset`, named in the address by `lookup_url_kwarg`."""

    def get(self, request: Request, **server_fields: Any) -> Response:
        return self.retrieve(request)


class QueryEndpoint(Endpoint):
    """GET: the result of `run_query`, through `serializer_class`. `question` is a dataclass of the query parameters."""

    question: ClassVar[type[Any] | None] = None
    many: ClassVar[bool] = False

    def run_query(self, question: Any, **server_fields: Any) -> Any:
        raise NotImplementedError

    def get(self, request: Request, **server_fields: Any) -> Response:
        result = self.run_query(self._question(request), **server_fields)
        return Response(self.get_serializer(result, many=self.many).data)

    def understood(self, method: str) -> Collection[str]:
        return {field.name for field in fields(self.question)} if self.question else ()

    def _question(self, request: Request) -> Any:
        if self.question is None:
            return None
        asked = serializer_for(self.question)(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return asked.command()


class CommandEndpoint(Endpoint):
    """POST: dispatches `command` for the caller and shows what it returned through `result`, or 204 without one.

    given     fields of the command that stand in the address
    An Idempotency-Key has the request done once; where money moves it must be there.
    With `?dry_run=true` nothing is done, and the answer says what would be refused.
    """

    command: ClassVar[type[Command]]
    result: ClassVar[AnySerializer | None]
    status: ClassVar[int] = 201
    server_fields: ClassVar[tuple[str, ...]] = ()

    def post(self, request: Request, **server_fields: Any) -> Response:
        actor = cast(Actor, request.user)
        command = self._command(request, actor, server_fields)
        if _is_dry_run(request.query_params):
            return Response(_dry_run(command, actor))
        _must_be_allowed(actor, self.command)
        key = _key(request, self.command)
        if not key:
            return self._answer(self.shown(dispatch(command, actor=actor)))
        outcome = dispatch_once(command, actor=actor, key=key, answer=self.shown)
        response = self._answer(outcome.answer)
        if outcome.repeated:
            response[REPLAYED] = "true"
        return response

    def shown(self, result: Any) -> Any:
        """The body of the answer, as JSON values."""
        if self.result is None:
            return None
        shown = self.result(result, context=self.get_serializer_context())
        return json.loads(JSONRenderer().render(shown.data))

    def _answer(self, body: Any) -> Response:
        return Response(status=204) if self.result is None else Response(body, status=self.status)

    def understood(self, method: str) -> Collection[str]:
        return {*super().understood(method), *(["dry_run"] if method == "POST" else [])}

    def _command(self, request: Request, actor: Actor, server_fields: Mapping[str, Any]) -> Command:
        """Whoever may not ask is not told what was wrong with his question."""
        try:
            asked = serializer_for(self.command, self.server_fields)(data=request.data)
            asked.is_valid(raise_exception=True)
        except APIException:
            _must_be_allowed(actor, self.command)
            raise
        return cast(Command, asked.command(**server_fields))


def _key(request: Request, command: type[Command]) -> str:
    """What the caller named the request; a structured string ("…" in quotes) or a bare one.

    Raises IdempotencyKeyMissing, IdempotencyKeyMalformed.
    """
    said = request.headers.get(KEY)
    if said is None:
        if command.moves_money:
            raise IdempotencyKeyMissing(title=command.title())
        return ""
    key = said.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _VISIBLE.match(key):
        raise IdempotencyKeyMalformed
    return key


def _must_be_allowed(actor: Actor, command: type[Command]) -> None:
    if not actor.has_perm(command.permission):
        raise PermissionDenied(actor=actor, title=command.title().lower(), permission=command.permission)


def _dry_run(command: Command, actor: Actor) -> Any:
    _must_be_allowed(actor, type(command))
    refusals = [reason_of(each) for each in dry_run(command, actor=actor)]
    return DryRunResult({"would_be_done": not refusals, "refusals": refusals}).data


def _is_dry_run(parameters: QueryDict) -> bool:
    asked = parameters.get("dry_run", "false")
    if asked not in ("true", "false"):
        raise ValidationError({"dry_run": ["It is true or false."]})
    return asked == "true"


def _refuse_unknown(parameters: QueryDict, understood: Collection[str]) -> None:
    errors = {name: ["There is no such parameter here."] for name in parameters if name not in understood}
    errors |= {name: ["It can be said once only."] for name, said in parameters.lists() if len(said) > 1}
    if errors:
        raise ValidationError(errors)
