"""The endpoint of a row that is edited: GET with the version as ETag, PATCH with the version in If-Match."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from apps.bus.commands import Command
from apps.bus.edits import version_of
from apps.bus.errors import VersionMalformed, VersionMissing
from apps.bus.registry import handled

from .views import DetailEndpoint, DispatchingEndpoint

IF_MATCH, ETAG = "If-Match", "ETag"
ONE_ETAG = re.compile(r'\A(?:W/)?"([^"]{1,64})"\Z')
"""A proxy that compresses the response makes the ETag weak; it identifies the same values."""


class EditEndpoint(DetailEndpoint, DispatchingEndpoint):
    """GET: one row of `queryset`, with an ETag. PATCH: dispatches `command`, which changes the fields that the body
    has; the others stay as they are. It needs the ETag in If-Match, and is refused with 412 after another edit."""

    status = 200

    def get(self, request: Request, **server_fields: Any) -> Response:
        """The ETag is read before the row: if an edit comes between, it is too old, and never too new."""
        edits = handled(self.command).edits
        values = edits.values(server_fields[edits.key], False) if edits else None
        response = super().get(request, **server_fields)
        if values is not None:
            response[ETAG] = f'"{version_of(values)}"'
        return response

    def patch(self, request: Request, **server_fields: Any) -> Response:
        return self.execute(request, server_fields)

    def version(self, request: Request) -> str:
        return version_in(request, self.command)


def version_in(request: Request, command: type[Command]) -> str:
    """Raises VersionMissing, VersionMalformed."""
    header = request.headers.get(IF_MATCH)
    if header is None:
        raise VersionMissing(title=command.title())
    etag = ONE_ETAG.match(header.strip())
    if etag is None:
        raise VersionMalformed
    return etag[1]
