"""What a caller has seen travels with him: a cookie for browsers, a header for everybody else.

After a request that wrote, the answer says up to where the log goes; a later request that says it too reads from a
replica only when that has come so far. Without a replica nothing is said and nothing asked.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.kernel import replica

HEADER = "X-Read-After"
COOKIE = "bursar_read_after"
FORGET_AFTER = 60
"""Seconds; no replica that is worth reading is further behind."""


class ReadAfterWriteMiddleware:
    """Stands inside TenantMiddleware: each tenant has a log of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        said = request.headers.get(HEADER) or request.COOKIES.get(COOKIE, "")
        with replica.read_your_writes(said) as work:
            response = self.get_response(request)
            if work.wrote and replica.has_replica():
                _say(request, response, replica.position())
        return response


def _say(request: HttpRequest, response: HttpResponse, position: str) -> None:
    response.headers[HEADER] = position
    response.set_cookie(
        COOKIE,
        position,
        max_age=FORGET_AFTER,
        path=f"{getattr(request, 'tenant_prefix', '')}/",
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
