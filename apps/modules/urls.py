"""The URLs of the modules' endpoints: /api/v1/<name>/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from apps.kernel.manifest import Module

from . import registry


def mounted(*names: str) -> list[URLResolver | URLPattern]:
    """The endpoints of the named modules, or of all modules. Any other URL below api/ returns 404, instead of the
    console's login page."""
    endpoints = [
        path(f"api/v1/{module.name}/", include((module.router, module.name)))
        for module in registry.modules()
        if module.router and (not names or module.name in names)
    ]
    return [*endpoints, re_path("^api/", not_found)]


@csrf_exempt  # a client with a token has no CSRF form, and must get a 404
def not_found(request: HttpRequest) -> HttpResponse:
    raise Http404


class ModuleGateMiddleware:
    """Returns 404 for the endpoints of a module that is off or not in the tenant's plan."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        module = _module_of(request)
        if module and not registry.is_open(module):
            raise Http404(f"The module {module.name} is not open in this tenant.")


def _module_of(request: HttpRequest) -> Module | None:
    match = request.resolver_match
    if match is None or not match.route.startswith("api/v1/"):
        return None
    return registry.by_name().get(match.namespaces[0]) if match.namespaces else None
