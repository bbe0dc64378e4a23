"""Content-Security-Policy and Permissions-Policy of every response."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .problems.responses import UNDER_API

POLICY, PERMISSIONS = "Content-Security-Policy", "Permissions-Policy"


class SecurityHeadersMiddleware:
    """Directly inside Django's security middleware, so that refusals of the middleware inside have the headers too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(POLICY, settings.CONTENT_SECURITY_POLICIES[_kind_of(request, response)])
        response.headers.setdefault(PERMISSIONS, settings.PERMISSIONS_POLICY)
        return response


def _kind_of(request: HttpRequest, response: HttpResponse) -> str:
    """The key of settings.CONTENT_SECURITY_POLICIES. Pages of errors, in a console too, are plain ones."""
    match = request.resolver_match
    if UNDER_API.match(request.path_info):
        is_page = match is not None and match.url_name == settings.API_DOCUMENTATION
        return "documentation" if is_page and response.status_code == 200 else "api"
    is_of_console = match is not None and settings.CONSOLE_NAMESPACE in match.namespaces
    return "console" if is_of_console and isinstance(response, TemplateResponse) else "page"
