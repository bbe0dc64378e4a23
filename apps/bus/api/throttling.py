"""Rate limits of endpoints, reported in the headers of each response."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.kernel.cache.throttling import WINDOW, use


class PerActor(BaseThrottle):
    """At most `view.per_minute` requests of one user or service account, from whatever address. Without Redis all
    requests pass."""

    def __init__(self) -> None:
        self.resets_in = WINDOW

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            used = use(f"{view.scope}:{self.counted(request)}")
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

    def counted(self, request: Request) -> str:
        """Of what requests are counted together."""
        return f"actor {request.user.pk}"


class Throttled(APIView):
    """Mixin for `Endpoint` that reports the rate limit in the headers of each response."""

    throttle_classes: Sequence[type[BaseThrottle]] = (PerActor,)
    per_minute = 30
    scope: str
    rate: dict[str, int]

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        throttled = super().finalize_response(request, response, *args, **kwargs)
        for name, value in getattr(self, "rate", {}).items():
            throttled[name] = str(value)
        return throttled
