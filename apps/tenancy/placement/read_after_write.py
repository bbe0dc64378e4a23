"""Read-your-writes over replicas: a client carries a log position, in a cookie (browsers) or a header (others).

The response to a request that wrote contains the position of the log. A later request with that position reads from a
replica only if the replica has replayed it. Without a replica, nothing is sent or queried.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.kernel.db import replica

HEADER = "X-Read-After"
COOKIE = "bursar_read_after"
MAX_AGE_S = 60
"""A replica with a larger lag is not worth reading."""


class ReadAfterWriteMiddleware:
    """Must be inside TenantMiddleware, since each tenant's database has its own log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        position = request.headers.get(HEADER) or request.COOKIES.get(COOKIE, "")
        with replica.read_your_writes(position) as work:
            response = self.get_response(request)
            if work.wrote and replica.has_replica():
                _send_position(request, response, replica.position())
        return response


def _send_position(request: HttpRequest, response: HttpResponse, position: str) -> None:
    response.headers[HEADER] = position
    response.set_cookie(
        COOKIE,
        position,
        max_age=MAX_AGE_S,
        path=f"{getattr(request, 'tenant_prefix', '')}/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
