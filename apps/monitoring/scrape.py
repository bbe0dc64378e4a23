"""`/metrics` at the operator's host, for Prometheus."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from apps.bus.errors import ReadPermissionDenied
from apps.kernel.metrics import exposed

from .gauges import Waiting

MAY = "monitoring.view_metrics"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """To whoever says METRICS_TOKEN, or is logged in and may. Raises MayNotRead."""
    if not _says_the_token(request) and not request.user.has_perm(MAY):
        raise ReadPermissionDenied(actor=request.user, permission=MAY)
    return HttpResponse(exposed(Waiting()), content_type=CONTENT_TYPE_LATEST)


def _says_the_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return bool(expected) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), expected)
