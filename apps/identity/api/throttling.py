"""So many requests a minute from one address, at doors where nobody is signed in yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import redis
from allauth.account.adapter import get_adapter
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from apps.kernel.clock import now

WINDOW = 60


class PerAddress(BaseThrottle):
    """`view.per_minute` of them; each is counted by Redis in one step, so that none slips through between two. When
    Redis is away nobody is kept waiting: what stands behind these doors has limits of its own."""

    def __init__(self) -> None:
        self.resets_in = WINDOW

    def allow_request(self, request: Request, view: Any) -> bool:
        since = int(now().timestamp())
        self.resets_in = WINDOW - since % WINDOW
        try:
            count = _count(f"{view.scope}:{get_adapter().get_client_ip(request._request)}:{since // WINDOW}")
        except redis.RedisError:
            return True
        view.rate = {
            "RateLimit-Limit": view.per_minute,
            "RateLimit-Remaining": max(0, view.per_minute - count),
            "RateLimit-Reset": self.resets_in,
        }
        return count <= int(view.per_minute)

    def wait(self) -> float:
        return self.resets_in


class Throttled:
    """Beside `Door`: says in the headers of each answer what is left."""

    throttle_classes: Sequence[type[BaseThrottle]] = (PerAddress,)
    per_minute = 30
    scope: str
    rate: dict[str, int]

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        for name, value in getattr(self, "rate", {}).items():
            answer[name] = str(value)
        return answer


def _count(key: str) -> int:
    name = f"throttle:{key}"
    cache.add(name, 0, timeout=2 * WINDOW)
    return int(cache.incr(name))
