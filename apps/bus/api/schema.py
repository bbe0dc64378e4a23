"""OpenAPI descriptions of the endpoints, with names and texts of their commands."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, cast

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer

from .edits import IF_MATCH, EditEndpoint
from .permissions import SIGNED_IN
from .serializers import DryRunResult, serializer_for
from .views import KEY, REPLAYED, DispatchingEndpoint, PostedQueryEndpoint, QueryEndpoint

DRY_RUN = OpenApiParameter(
    "dry_run", bool, default=False, description="Change nothing and return the refusals."
)

KEY_OPTIONAL = OpenApiParameter(
    KEY,
    str,
    OpenApiParameter.HEADER,
    description="Identifies the request. A repetition under the same key has no effect and gets the first response, "
    f"with `{REPLAYED}: true`. The same key with another body is refused with 422.",
)
KEY_REQUIRED = OpenApiParameter(
    KEY, str, OpenApiParameter.HEADER, required=True, description=KEY_OPTIONAL.description
)
VERSION = OpenApiParameter(
    IF_MATCH,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the GET response that the change is based on. Refused with 428 without it, and with 412 "
    "after another change.",
)


class PlaneGenerator(SchemaGenerator):
    """Describes the API of one host: the operator's or a tenant's."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        self.urlconf = self.urlconf or getattr(request, "urlconf", None)
        return super().get_schema(request, public)  # type: ignore[no-untyped-call]  # the package's function has no types


class Schema(AutoSchema):
    """Operation ids are the commands' names (`ledger_post_entry`), summaries their titles."""

    def get_operation_id(self) -> str:
        if self._is_command:
            return str(self._endpoint.command.command_name().replace(".", "_"))
        return str(super().get_operation_id())

    def get_summary(self) -> str:
        return str(self._endpoint.command.english_title()) if self._is_command else _first_sentence(self.view)

    def get_description(self) -> str:  # type: ignore[override]  # that of DRF takes a path and a method
        if self._is_command:
            return f"{_doc(self._endpoint.command)}\n\nNeeds the permission `{self._endpoint.command.permission}`."
        if self._endpoint.permission == SIGNED_IN:
            return _doc(self.view)
        return f"{_doc(self.view)}\n\nNeeds the permission `{self._endpoint.permission}`."

    def get_override_parameters(self) -> list[Any]:
        if self._is_command:
            key = KEY_REQUIRED if self._endpoint.command.moves_money else KEY_OPTIONAL
            return [DRY_RUN, key, *([VERSION] if isinstance(self.view, EditEndpoint) else [])]
        query = None if isinstance(self.view, PostedQueryEndpoint) else getattr(self.view, "query", None)
        return [serializer_for(query)] if query else []

    def get_request_serializer(self) -> Any:
        if isinstance(self.view, PostedQueryEndpoint):
            return serializer_for(self.view.query)
        if not self._is_command:
            return super().get_request_serializer()
        if self._endpoint.request_serializer:
            return self._endpoint.request_serializer
        serializer = serializer_for(self._endpoint.command, self._endpoint.server_fields)
        return serializer if serializer().fields else None

    def get_response_serializers(self) -> Any:
        if self._is_command:
            return _responses(self._endpoint)
        if isinstance(self.view, (QueryEndpoint, PostedQueryEndpoint)):
            return self._endpoint.serializer_class(many=self.view.many)
        return super().get_response_serializers()

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A required text may not be empty in a request; in a response it may."""
        shape = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]  # the same
        if direction == "response":
            shape.pop("minLength", None)
        return shape

    @property
    def _endpoint(self) -> Any:
        return self.view

    @property
    def _is_command(self) -> bool:
        return self.method in ("POST", "PATCH") and isinstance(self.view, DispatchingEndpoint)


class ConsoleSessionScheme(SessionScheme):
    target_class = "apps.bus.api.authentication.ConsoleSession"
    name = "session"
    priority = 1


def _responses(view: DispatchingEndpoint) -> dict[int, Any]:
    """A dry run has status 200, so a command with that status has two response shapes."""
    if view.result is None:
        return {204: None, 200: DryRunResult}
    if view.status != 200:
        return {view.status: view.result, 200: DryRunResult}
    responses = PolymorphicProxySerializer(
        component_name=f"{view.command.__name__}Response",
        serializers=cast(Any, [view.result, DryRunResult]),
        resource_type_field_name=None,
    )
    return {200: responses}


def _first_sentence(view: Any) -> str:
    return _doc(view).replace("\n", " ").split(". ")[0].rstrip(".")


def _doc(thing: Any) -> str:
    documented = thing if isinstance(thing, type) else type(thing)
    return cleandoc(documented.__doc__ or "")
