"""Error responses: RFC 9457 problem+json for every refusal, or a page with the same content for browsers."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, cast

import psycopg
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework.exceptions import APIException

from .correlation import correlation_id
from .db.unit_of_work import Busy, is_serialization_failure
from .errors import Refusal, Unavailable

CONTENT_TYPE = "application/problem+json"
UNDER_API = re.compile(r"\A(/t/[^/]+)?/api(/|\Z)")
WENT_WRONG = _("Something went wrong here. It is logged under the correlation id; nothing was changed.")
log = logging.getLogger(__name__)


def problem(
    status: int, code: str, detail: str, instance: str, errors: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """type, title, status, detail, instance, code, correlation_id, errors: [{code, detail, attr}]."""
    return {
        "type": f"/problems/{code}",
        "title": gettext(HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "correlation_id": correlation_id(),
        "errors": list(errors),
    }


def problem_of(refusal: Refusal, instance: str) -> dict[str, Any]:
    errors = [reason_of(reason) for reason in refusal.refusals]
    return problem(refusal.status, refusal.code, str(refusal), instance, errors)


def reason_of(refusal: Refusal) -> dict[str, Any]:
    """One entry of `errors`; the context has the values of its message."""
    context = {key: _plain_value(value) for key, value in refusal.context.items()}
    return {"code": refusal.code, "detail": str(refusal), "attr": None, "context": context}


def problem_response(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    response = _response(request, problem_of(refusal, request.get_full_path()))
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


class ProblemHandler(ExceptionHandler):
    """Refusals and errors of DRF as problem+json; drf-standardized-errors flattens the field errors."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if _is_outage(exc):
            exc = self.exc = _refusal_of(exc)
        if isinstance(exc, Refusal):
            return RefusedByTheBusiness(exc)
        converted: Exception = super().convert_known_exceptions(exc)
        return converted

    def run(self) -> Any:
        response = super().run()
        if response is None:
            return None
        instance = cast(HttpRequest, self.context["request"]).get_full_path()
        if isinstance(self.exc, Refusal):
            body = problem_of(self.exc, instance)
            if self.exc.retry_after is not None:
                response["Retry-After"] = str(self.exc.retry_after)
        else:
            body = _from_drf(response.status_code, response.data, instance)
        response.data, response.content_type = body, CONTENT_TYPE
        return response


class RefusedByTheBusiness(APIException):
    """A Refusal as an exception of DRF."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(detail=str(refusal), code=refusal.code)
        self.status_code = refusal.status
        if refusal.status == HTTPStatus.UNAUTHORIZED:
            self.auth_header = 'Bearer error="invalid_token"'


class ProblemMiddleware:
    """Turns refusals outside DRF into responses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return problem_response(request, exception) if isinstance(exception, Refusal) else None


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


class DatabaseUnavailable(Unavailable):
    message = _("The database is unavailable. Nothing was changed. Try again in a moment.")
    retry_after = 5


def _is_outage(error: BaseException | None) -> bool:
    """Whether the connection to the database was refused or cut, by the exceptions of Django and of the driver."""
    return isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError)


def _refusal_of(outage: BaseException | None) -> Refusal:
    """A serialization failure or deadlock has the same exception class as an outage."""
    conflict = isinstance(outage, DatabaseError) and is_serialization_failure(outage)
    return Busy() if conflict else DatabaseUnavailable()


def server_error(request: HttpRequest) -> HttpResponse:
    if _is_outage(error := sys.exc_info()[1]):
        return problem_response(request, _refusal_of(error))
    return _plain(request, HTTPStatus.INTERNAL_SERVER_ERROR, str(WENT_WRONG))


def document_problems(
    result: dict[str, Any], generator: Any, request: HttpRequest | None, public: bool
) -> dict[str, Any]:
    """drf-spectacular hook: documents problem+json for every error, and keeps "Try it out" inside /t/<slug>/."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for operation in _operations(result):
        for status in [status for status in operation["responses"] if status[0] in "45"]:
            del operation["responses"][status]
        operation["responses"]["default"] = {
            "description": "Refused.",
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if request is not None:
        result["servers"] = [{"url": request.META.get("SCRIPT_NAME") or "/"}]
    return result


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `errors` lists every reason.",
    "required": ["type", "title", "status", "detail", "instance", "code", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
        "correlation_id": {"type": ["string", "null"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail", "attr", "context"],
                "properties": {
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "attr": {"type": ["string", "null"], "description": "The field concerned."},
                    "context": {"type": "object", "description": "The values in the message."},
                },
            },
        },
    },
}


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for methods in schema["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict) and "responses" in operation
    ]


def _from_drf(status: int, data: dict[str, Any], instance: str) -> dict[str, Any]:
    """Errors of DRF. Invalid fields share the code `request.invalid`; every other error has its own."""
    errors = [error | {"context": {}} for error in data["errors"]]
    first = errors[0]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(status, "request.internal_server_error", str(WENT_WRONG), instance)
    if data["type"] != "validation_error":
        return problem(status, f"request.{first['code']}", str(first["detail"]), instance, errors)
    sentence = (
        gettext("{count} fields are wrong.").format(count=len(errors)) if len(errors) > 1 else _about(first)
    )
    wrong = [
        f"{error['attr']}: {error['code']}" for error in errors
    ]  # without the values, which may be secret
    log.warning("A request was not valid.", extra={"instance": instance.partition("?")[0], "wrong": wrong})
    return problem(status, "request.invalid", sentence, instance, errors)


def _about(error: dict[str, Any]) -> str:
    attr = error["attr"]
    return str(error["detail"]) if attr in (None, "non_field_errors") else f"{attr}: {error['detail']}"


def _plain_value(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _plain(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    code = f"request.{status.name.lower()}"
    return _response(request, problem(status, code, sentence, request.get_full_path()))


def _response(request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
    if wants_page(request):
        return HttpResponse(render_to_string("kernel/problem.html", body), status=body["status"])
    return JsonResponse(body, status=body["status"], content_type=CONTENT_TYPE)


def wants_page(request: HttpRequest) -> bool:
    """Whether the client is a browser outside the API. For an unknown tenant, the path still has its prefix."""
    return not UNDER_API.match(request.path_info) and request.accepts("text/html")
