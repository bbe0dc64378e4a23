"""The WSGI application for requests with any Content-Type, also one that Django cannot parse."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.utils.http import parse_header_parameters

UNREADABLE = "unreadable"
"""In place of a charset; the middleware for odd requests refuses it."""


class OddContentTypeRequest(WSGIRequest):
    """Django parses Content-Type, and by its charset the query, before any middleware runs: an error there has no page
    and no log line. Here the charset is only noted; every text is read as UTF-8."""

    content_type: str
    content_params: dict[str, str]

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            parsed = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except (LookupError, TypeError, ValueError):
            parsed = "application/octet-stream", {"charset": UNREADABLE}
        self.content_type, self.content_params = parsed


class OddRequestHandler(WSGIHandler):
    request_class = OddContentTypeRequest
