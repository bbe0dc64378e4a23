"""The endpoints of OFREP. Errors get their form in `protocol_errors`."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.flags import queries
from apps.flags.api.etags import tagged
from apps.flags.api.programs import ProtocolEndpoint

from . import results
from .contexts import ContextBody, context_of
from .serializers import OfrepBulk, OfrepFailure, OfrepRequest, OfrepSuccess

REFUSED = OpenApiResponse(OfrepFailure, description="Refused, in the form of OFREP.")
NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the last response."
)


class OfrepEndpoint(ProtocolEndpoint):
    """For the tenant of the address; the scope of a token is `flags.evaluate_flags`."""

    parser_classes = (ContextBody,)
    scope, per_minute = "ofrep", 12_000

    def context(self, request: Request) -> dict[str, Any]:
        """Raises ParseError, ContextInvalid."""
        return context_of(request.data)


class EvaluateFlag(OfrepEndpoint):
    """Evaluate one flag for the context in the body. `reason` is one that OpenFeature knows; the finer one is in the
    metadata."""

    @extend_schema(
        operation_id="ofrep_evaluate_flag",
        request=OfrepRequest,
        responses={200: OfrepSuccess, "default": REFUSED},
    )
    def post(self, request: Request, key: str) -> Response:
        return Response(results.one(queries.rule_set(), key, self.context(request)))


class EvaluateFlags(OfrepEndpoint):
    """Evaluate all flags for the context in the body. A flag that cannot be evaluated is in the list with its error.
    With `If-None-Match` the response is 304 as long as neither the flags nor the context have changed."""

    parameters = ("flagConfigEtag", "flagConfigLastModified")

    @extend_schema(
        operation_id="ofrep_evaluate_flags",
        request=OfrepRequest,
        responses={
            200: OfrepBulk,
            304: OpenApiResponse(description="The client has the response."),
            "default": REFUSED,
        },
        parameters=[NONE_MATCH, *(OpenApiParameter(name, str) for name in parameters)],
    )
    def post(self, request: Request) -> HttpResponse:
        context, rules = self.context(request), queries.rule_set()
        body = {"flags": results.every(rules, context), "metadata": {"revision": rules.epoch}}
        return tagged(request, body, context)
