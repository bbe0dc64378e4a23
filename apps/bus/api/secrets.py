"""Endpoints whose command makes a secret."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from .views import CommandEndpoint


class SecretOnceEndpoint(CommandEndpoint):
    """Returns the new secret of the result in the response, without storing it for an Idempotency-Key. Of a repeated
    request the field is empty."""

    secret_field: ClassVar[str] = "new_secret"  # noqa: S105 - the name of a field
    new_secret = ""

    def post(self, request: Request, **server_fields: Any) -> Response:
        response = super().post(request, **server_fields)
        if self.new_secret:
            response.data[self.secret_field] = self.new_secret
            response["Cache-Control"] = "no-store"
        return response

    def render(self, result: Any) -> Any:
        self.new_secret = getattr(result, self.secret_field)
        return {**super().render(result), self.secret_field: ""}
