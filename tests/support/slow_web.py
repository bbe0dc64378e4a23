"""The shipped web server with a small application and short deadlines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from config.web import deadlines
from config.web.server import *  # noqa: F403

wsgi_app = "tests.support.slow_web:application"
threads = 1
deadlines.HEADERS_DEADLINE_S = deadlines.BODY_DEADLINE_S = 0.2


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Responds with the length of the body that arrived."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    length = str(len(body)).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(length)))])
    return [length]
