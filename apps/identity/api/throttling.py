"""Rate limits per IP address, for the endpoints without authentication."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.kernel.cache.throttling import WINDOW, use


class PerAddress(BaseThrottle):
    """At most `view.per_minute` requests. Without Redis all requests pass: sign-in itself has limits of its own."""

    def __init__(self) -> None:
        self.resets_in = WINDOW

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            used = use(f"{view.scope}:{get_adapter().get_client_ip(request._request)}")
        except redis.RedisError:
            return True
        self.resets_in = used.resets_in
        view.rate = {
            "RateLimit-Limit": view.per_minute,
            "RateLimit-Remaining": max(0, view.per_minute - used.count),
            "RateLimit-Reset": self.resets_in,
        }
        return used.count <= int(view.per_minute)

    def wait(self) -> float:
        return self.resets_in


class Throttled(APIView):
    """Mixin for `Endpoint` that reports the rate limit in the headers of each response."""

    throttle_classes: Sequence[type[BaseThrottle]] = (PerAddress,)
    per_minute = 30
    scope: str
    rate: dict[str, int]

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        throttled = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(self, "rate", {}).items():
            throttled[name] = str(value)
        return throttled
