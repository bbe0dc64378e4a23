"""The endpoints of the client API of Unleash. Errors get their form in `protocol_errors`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.flags.api.etags import tagged
from apps.flags.api.programs import ProtocolEndpoint
from apps.flags.engine.exporters.unleash import PROJECT
from apps.flags.life_cycle.usage import record_reported, reporter
from apps.flags.module import VIEW
from apps.kernel.db.callbacks import afterwards

from .metrics import counts_in
from .serializers import UnleashError, UnleashMetrics, UnleashRegistration, UnleashState
from .states import exported

LEFT_OUT = "Flags-Left-Out"
REFUSED = OpenApiResponse(UnleashError, description="Refused, in the form of Unleash.")
ACCEPTED = OpenApiResponse(description="Accepted.")
NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag of the last response."
)
_CLIENT_HEADERS = {
    "application": "Unleash-AppName",
    "instance": "Unleash-InstanceId",
    "sdk": "Unleash-Sdk",
    "specification": "Unleash-Client-Spec",
}
log = logging.getLogger("bursar.flags")


class UnleashEndpoint(ProtocolEndpoint):
    scope, per_minute = "unleash", 1_200


class Features(UnleashEndpoint):
    """All flags with their rules, for a client that evaluates them itself. `Flags-Left-Out` is the number of flags that
    Unleash cannot express, which the client does not know."""

    permission = VIEW  # the rules, and not only their results
    parameters = ("project", "namePrefix", "tag")

    @extend_schema(
        operation_id="unleash_features",
        responses={
            200: UnleashState,
            304: OpenApiResponse(description="The client has the response."),
            "default": REFUSED,
        },
        parameters=[NONE_MATCH, *(OpenApiParameter(name, str) for name in parameters)],
    )
    def get(self, request: Request) -> HttpResponse:
        export = exported()
        response = tagged(request, _filtered(export.document, request.query_params))
        response[LEFT_OUT] = str(len(export.left_out))
        return response


class Register(UnleashEndpoint):
    """Note that a client has started. It is logged."""

    @extend_schema(
        operation_id="unleash_register",
        request=UnleashRegistration,
        responses={202: ACCEPTED, "default": REFUSED},
    )
    def post(self, request: Request) -> Response:
        if not isinstance(request.data, Mapping):
            raise ParseError
        known = {name: request.headers.get(header, "")[:100] for name, header in _CLIENT_HEADERS.items()}
        log.info("A client of Unleash has started.", extra=known)
        return Response(status=202)


class Metrics(UnleashEndpoint):
    """Count the evaluations of a client as use of its flags."""

    @extend_schema(
        operation_id="unleash_metrics",
        request=UnleashMetrics,
        responses={202: ACCEPTED, "default": REFUSED},
    )
    def post(self, request: Request) -> Response:
        counts = counts_in(request.data)
        reported_by = reporter()
        afterwards(lambda: record_reported(counts, reported_by))
        return Response(status=202)


def _filtered(state: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """All flags are in one project, and have no tags."""
    prefix = parameters.get("namePrefix", "")
    is_of_others = parameters.get("project", PROJECT) not in (PROJECT, "*") or "tag" in parameters
    features = [] if is_of_others else [one for one in state["features"] if one["name"].startswith(prefix)]
    return {**state, "features": features}
