"""`/metrics` at the operator's host, for Prometheus."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from apps.bus.errors import ReadPermissionDenied
from apps.kernel.observability.metrics import exposed

from .gauges import DatabaseCollector

VIEW_PERMISSION = "monitoring.view_metrics"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For METRICS_TOKEN or a user with the permission. Raises ReadPermissionDenied."""
    if not _has_token(request) and not request.user.has_perm(VIEW_PERMISSION):
        raise ReadPermissionDenied(actor=request.user, permission=VIEW_PERMISSION)
    return HttpResponse(exposed(DatabaseCollector()), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    return bool(expected) and scheme.lower() == "bearer" and constant_time_compare(token.strip(), expected)
