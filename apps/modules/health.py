"""How the modules are: asked by load balancers and by whoever waits for the house to stand."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse

from . import registry


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while every module is healthy or degraded, 503 when one is unhealthy."""
    modules = {module.name: module.health() for module in registry.modules() if registry.is_on(module)}
    status = 503 if "unhealthy" in modules.values() else 200
    return JsonResponse({"status": "ok" if status == 200 else "unhealthy", "modules": modules}, status=status)
