"""Rate limits per IP address, for the endpoints without authentication."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.account.adapter import get_adapter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.bus.api import throttling


class PerAddress(throttling.PerActor):
    """At most `view.per_minute` requests. Without Redis all requests pass: sign-in itself has limits of its own."""

    def counted(self, request: Request) -> str:
        return str(get_adapter().get_client_ip(request._request))


class Throttled(throttling.Throttled):
    throttle_classes: Sequence[type[BaseThrottle]] = (PerAddress,)
