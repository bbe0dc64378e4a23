"""The WSGI application for requests with any Content-Type, also one that Django cannot parse."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

UNREADABLE = "unreadable"
"""In place of a charset; the middleware for odd requests refuses it."""


class OddContentTypeRequest(WSGIRequest):
    """Django parses Content-Type before any middleware runs, so that an error there has no page and no log line."""

    content_type: str
    content_params: dict[str, str]

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]  # the stubs leave it out
        except (LookupError, TypeError, ValueError):
            self.content_type, self.content_params = "application/octet-stream", {"charset": UNREADABLE}


class OddRequestHandler(WSGIHandler):
    request_class = OddContentTypeRequest
