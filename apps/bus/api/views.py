"""Base classes of the endpoints, which check permissions and query parameters.

`class CloseOnePeriod(CommandEndpoint): command, result, status = ClosePeriod, PeriodSerializer, 200`
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, cast

from django.core.exceptions import ImproperlyConfigured
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus import Command, dispatch, dispatch_once, dry_run
from apps.bus.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing, PermissionDenied
from apps.bus.idempotency.keys import is_well_formed
from apps.kernel.actors import Actor
from apps.kernel.features import DeclaredFlag
from apps.kernel.problems.bodies import reason_of
from apps.kernel.search import Search

from .filters import FilterBackend
from .paging import Paging
from .searching import SearchBackend
from .serializers import DryRunResult, serializer_for

KEY, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
AnySerializer = type[serializers.BaseSerializer[Any]]


class Endpoint(GenericAPIView[Any]):
    """Requires a permission at start-up and refuses unknown query parameters. While its `flag` is off, it is 404."""

    permission: ClassVar[str]
    flag: ClassVar[DeclaredFlag[bool] | None] = None
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    filter_backends: Sequence[Any] = ()

    @classmethod
    def as_view(cls, **options: Any) -> Any:
        if _reads(cls) and not getattr(cls, "permission", ""):
            raise ImproperlyConfigured(f"{cls.__name__} reads without a permission.")
        return super().as_view(**options)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        _refuse_unknown(request.query_params, self.understood(str(request.method)))

    def understood(self, method: str) -> Collection[str]:
        """The valid query parameters."""
        return ()


class ListEndpoint(ListModelMixin, Endpoint):
    """GET: rows of `queryset`, filtered by `filterset_class`, in pages; with `search`, `?search=` searches them."""

    pagination_class = Paging
    filter_backends = (FilterBackend, SearchBackend)
    search: ClassVar[Search | None] = None

    def get(self, request: Request, **server_fields: Any) -> Response:
        return self.list(request)

    def understood(self, method: str) -> Collection[str]:
        if method == "POST":
            return super().understood(method)
        filters = getattr(self, "filterset_class", None)
        return {
            "cursor",
            "page_size",
            *(("search",) if self.search else ()),
            *super().understood(method),
            *(filters.base_filters if filters else ()),
        }


class DetailEndpoint(RetrieveModelMixin, Endpoint):
    """GET: one row of `queryset`, named in the address by `lookup_url_kwarg`."""

    def get(self, request: Request, **server_fields: Any) -> Response:
        return self.retrieve(request)


class QueryEndpoint(Endpoint):
    """GET: the result of `run_query`, through `serializer_class`. `query` is a dataclass of the query parameters."""

    query: ClassVar[type[Any] | None] = None
    many: ClassVar[bool] = False

    def run_query(self, query: Any, **server_fields: Any) -> Any:
        raise NotImplementedError

    def get(self, request: Request, **server_fields: Any) -> Response:
        result = self.run_query(self._query(request), **server_fields)
        return Response(self.get_serializer(result, many=self.many).data)

    def understood(self, method: str) -> Collection[str]:
        return {field.name for field in fields(self.query)} if self.query else ()

    def _query(self, request: Request) -> Any:
        if self.query is None:
            return None
        serializer = serializer_for(self.query)(data=request.query_params.dict())
        serializer.is_valid(raise_exception=True)
        return serializer.command()


class PostedQueryEndpoint(Endpoint):
    """POST: as `QueryEndpoint`, with the query in the body. For values that are too long for an address, or personal:
    addresses are in logs. It changes nothing, and needs the `permission` of a read."""

    query: ClassVar[type[Any]]
    many: ClassVar[bool] = False
    reads_by_post = True

    def run_query(self, query: Any, **server_fields: Any) -> Any:
        raise NotImplementedError

    def post(self, request: Request, **server_fields: Any) -> Response:
        serializer = serializer_for(self.query)(data=request.data)
        serializer.is_valid(raise_exception=True)
        result = self.run_query(serializer.command(), **server_fields)
        return Response(self.get_serializer(result, many=self.many).data)


class DispatchingEndpoint(Endpoint):
    """Dispatches `command` for the caller and returns its result through `result`, or 204 without one.

    server_fields       fields of the command that come from the URL
    request_serializer  of a body that is not the command in JSON, such as a multipart form
    A request with an Idempotency-Key is executed once; commands that move money require the key.
    With `?dry_run=true` nothing changes, and the response lists the refusals.
    """

    command: ClassVar[type[Command]]
    result: ClassVar[AnySerializer | None]
    status: ClassVar[int] = 201
    server_fields: ClassVar[tuple[str, ...]] = ()
    request_serializer: ClassVar[AnySerializer | None] = None

    def execute(self, request: Request, server_fields: Mapping[str, Any]) -> Response:
        actor = cast(Actor, request.user)
        command = self._command(request, actor, server_fields)
        must_be_allowed(actor, self.command)
        version = self.version(request)
        if _is_dry_run(request.query_params):
            return Response(_dry_run(command, actor, version))
        key = idempotency_key(request, self.command)
        if not key:
            return self._response(self.render(dispatch(command, actor=actor, version=version)))
        outcome = dispatch_once(command, actor=actor, key=key, version=version, render_response=self.render)
        response = self._response(outcome.response)
        if outcome.repeated:
            response[REPLAYED] = "true"
        return response

    def version(self, request: Request) -> str | None:
        """The version of the edited thing that the client saw, if the endpoint needs one."""
        return None

    def render(self, result: Any) -> Any:
        """The response body, as JSON values."""
        if self.result is None:
            return None
        serializer = self.result(result, context=self.get_serializer_context())
        return json.loads(JSONRenderer().render(serializer.data))

    def _response(self, body: Any) -> Response:
        return Response(status=204) if self.result is None else Response(body, status=self.status)

    def understood(self, method: str) -> Collection[str]:
        return {*super().understood(method), *(["dry_run"] if method in ("POST", "PATCH") else [])}

    def _command(self, request: Request, actor: Actor, server_fields: Mapping[str, Any]) -> Command:
        """The validated command. Without permission the refusal gives no details of the input."""
        try:
            serializer = serializer_for(self.command, self.server_fields)(data=request.data)
            serializer.is_valid(raise_exception=True)
        except APIException:
            must_be_allowed(actor, self.command)
            raise
        return cast(Command, serializer.command(**server_fields))


class CommandEndpoint(DispatchingEndpoint):
    """POST: dispatches `command`."""

    def post(self, request: Request, **server_fields: Any) -> Response:
        return self.execute(request, server_fields)


def _reads(view: type[Endpoint]) -> bool:
    return hasattr(view, "get") or issubclass(view, PostedQueryEndpoint)


def idempotency_key(request: Request, command: type[Command]) -> str:
    """The idempotency key of the request, from a structured string ("…" in quotes) or a bare one.

    Raises IdempotencyKeyMissing, IdempotencyKeyMalformed.
    """
    header = request.headers.get(KEY)
    if header is None:
        if command.moves_money:
            raise IdempotencyKeyMissing(title=command.title())
        return ""
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not is_well_formed(key):
        raise IdempotencyKeyMalformed
    return key


def must_be_allowed(actor: Actor, command: type[Command]) -> None:
    """Raises PermissionDenied."""
    if not actor.has_perm(command.permission):
        raise PermissionDenied(actor=actor, title=command.title().lower(), permission=command.permission)


def _dry_run(command: Command, actor: Actor, version: str | None) -> Any:
    refusals = [reason_of(refusal) for refusal in dry_run(command, actor=actor, version=version)]
    return DryRunResult({"would_be_done": not refusals, "refusals": refusals}).data


def _is_dry_run(parameters: QueryDict) -> bool:
    value = parameters.get("dry_run", "false")
    if value not in ("true", "false"):
        raise ValidationError({"dry_run": ["Use true or false."]})
    return value == "true"


def _refuse_unknown(parameters: QueryDict, understood: Collection[str]) -> None:
    errors = {name: ["Unknown parameter."] for name in parameters if name not in understood}
    errors |= {name: ["Give this parameter once."] for name, values in parameters.lists() if len(values) > 1}
    if errors:
        raise ValidationError(errors)
