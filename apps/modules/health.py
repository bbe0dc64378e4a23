"""The health of the modules, for load balancers and start-up checks."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from . import registry


def healthz(request: HttpRequest) -> JsonResponse:
    """Returns 200 while every module is healthy or degraded, 503 if one is unhealthy."""
    modules = {module.name: module.health() for module in registry.modules() if registry.is_on(module)}
    status = 503 if "unhealthy" in modules.values() else 200
    return JsonResponse({"status": "ok" if status == 200 else "unhealthy", "modules": modules}, status=status)
