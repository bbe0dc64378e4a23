"""What the OpenAPI document says of our views: each operation speaks with its command's words."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any, cast

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer

from .permissions import SIGNED_IN
from .serializers import DryRunResult, serializer_for
from .views import KEY, REPLAYED, CommandEndpoint, QueryEndpoint

REHEARSE = OpenApiParameter(
    "dry_run", bool, default=False, description="Do nothing, and say what would be refused."
)

KEY_WELCOME = OpenApiParameter(
    KEY,
    str,
    OpenApiParameter.HEADER,
    description="Names the request: asked again under the same key, it is not done again and is answered as before, "
    f"with `{REPLAYED}: true`. The key with another body is refused with 422.",
)
KEY_NEEDED = OpenApiParameter(
    KEY, str, OpenApiParameter.HEADER, required=True, description=KEY_WELCOME.description
)


class PlaneGenerator(SchemaGenerator):
    """Describes the plane that the request came to: the operator's or a tenant's."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        self.urlconf = self.urlconf or getattr(request, "urlconf", None)
        return super().get_schema(request, public)  # type: ignore[no-untyped-call]


class Schema(AutoSchema):
    """Operation ids are the commands' names (`ledger_post_entry`), summaries their titles."""

    def get_operation_id(self) -> str:
        if self._asks:
            return str(self._door.command.command_name().replace(".", "_"))
        return str(super().get_operation_id())

    def get_summary(self) -> str:
        return str(self._door.command.title()) if self._asks else _first_sentence(self.view)

    def get_description(self) -> str:  # type: ignore[override]
        if self._asks:
            return f"{_doc(self._door.command)}\n\nNeeds the permission `{self._door.command.permission}`."
        if self._door.permission == SIGNED_IN:
            return _doc(self.view)
        return f"{_doc(self.view)}\n\nNeeds the permission `{self._door.permission}`."

    def get_override_parameters(self) -> list[Any]:
        if self._asks:
            return [REHEARSE, KEY_NEEDED if self._door.command.moves_money else KEY_WELCOME]
        question = getattr(self.view, "question", None)
        return [serializer_for(question)] if question else []

    def get_request_serializer(self) -> Any:
        if not self._asks:
            return super().get_request_serializer()
        serializer = serializer_for(self._door.command, self._door.server_fields)
        return serializer if serializer().fields else None

    def get_response_serializers(self) -> Any:
        if self._asks:
            return _answers(self._door)
        if isinstance(self.view, QueryEndpoint):
            return self._door.serializer_class(many=self.view.many)
        return super().get_response_serializers()

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """A text that must be given may not be empty; one that we give may."""
        shape = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction == "response":
            shape.pop("minLength", None)
        return shape

    @property
    def _door(self) -> Any:
        return self.view

    @property
    def _asks(self) -> bool:
        return self.method == "POST" and isinstance(self.view, CommandEndpoint)


class ConsoleSessionScheme(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "apps.bus.api.authentication.ConsoleSession"
    name = "session"
    priority = 1


def _answers(view: CommandEndpoint) -> dict[int, Any]:
    """A dry run answers 200, so a command that does too has two shapes."""
    if view.result is None:
        return {204: None, 200: DryRunResult}
    if view.status != 200:
        return {view.status: view.result, 200: DryRunResult}
    either = PolymorphicProxySerializer(
        component_name=f"{view.command.__name__}Answer",
        serializers=cast(Any, [view.result, DryRunResult]),
        resource_type_field_name=None,
    )
    return {200: either}


def _first_sentence(view: Any) -> str:
    return _doc(view).replace("\n", " ").split(". ")[0].rstrip(".")


def _doc(thing: Any) -> str:
    shown = thing if isinstance(thing, type) else type(thing)
    return cleandoc(shown.__doc__ or "")
