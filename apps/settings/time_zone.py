"""The time zone of the pages of a tenant: instants are shown, entered and filtered there. Operators have UTC."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.kernel.problems.responses import UNDER_API
from apps.kernel.tenant import current_tenant

from . import queries
from .setting_definitions import TIME_ZONE


class TimeZoneMiddleware:
    """Only for signed-in users, since other pages show no instants; the API writes instants in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if current_tenant() is None or UNDER_API.match(request.path_info):
            return self.get_response(request)
        with transaction.atomic():  # which a transaction pooler requires
            zone = queries.value(TIME_ZONE) if request.user.is_authenticated else "UTC"
        with timezone.override(zoneinfo.ZoneInfo(zone)):
            return self.get_response(request)
