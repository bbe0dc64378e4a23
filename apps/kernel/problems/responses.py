"""Problems outside the API: the middleware for refusals, and the pages of Django's error handlers."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext

from apps.kernel.errors import Refusal

from .bodies import CONTENT_TYPE, WENT_WRONG, problem, problem_of
from .outages import is_outage, refusal_of
from .ways_out import ways_out

UNDER_API = re.compile(r"\A(/[tT]/[^/]*)?/(api|ofrep)(/|\Z)")
"""Addresses of programs. The second prefix is that of a protocol (apps/flags/api/ofrep)."""


def problem_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = _response(request, problem_of(refusal, request.get_full_path()))
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


class ProblemMiddleware:
    """Turns refusals outside DRF into responses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return problem_response(request, exception) if isinstance(exception, Refusal) else None


class MethodNotAllowedMiddleware:
    """Gives Django's empty 405 a body. Inside the middleware of tenants, on which the links of the page depend."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            sentence = gettext("This address has nothing for a request of this kind. Nothing was changed.")
            shown = _plain(request, HTTPStatus.METHOD_NOT_ALLOWED, sentence)
            response.content, response["Content-Type"] = shown.content, shown["Content-Type"]
            response["Content-Length"] = str(len(shown.content))  # set to 0 by the middleware inside
        return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, HTTPStatus.NOT_FOUND, gettext("There is nothing at this address."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """settings.CSRF_FAILURE_VIEW. Django's own page reveals internals."""
    sentence = gettext("This form is too old or comes from elsewhere. Load the page again and repeat.")
    return _response(request, problem(403, "request.csrf_failed", sentence, request.get_full_path()))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, HTTPStatus.FORBIDDEN, gettext("You may not see this page."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, HTTPStatus.BAD_REQUEST, gettext("The request cannot be understood."))


def server_error(request: HttpRequest) -> HttpResponse:
    if is_outage(error := sys.exc_info()[1]):
        return problem_response(request, refusal_of(error))
    return _plain(request, HTTPStatus.INTERNAL_SERVER_ERROR, str(WENT_WRONG))


def _plain(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    code = f"request.{status.name.lower()}"
    return _response(request, problem(status, code, sentence, request.get_full_path()))


def _response(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    if wants_page(request):
        page = body | {"ways_out": ways_out(request, body["status"])}
        return HttpResponse(render_to_string("kernel/problem.html", page), status=body["status"])
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def wants_page(request: HttpRequest) -> bool:
    """Whether the client is a browser outside the API. For an unknown tenant, the path still has its prefix."""
    return not UNDER_API.match(request.path_info) and request.accepts("text/html")
