"""Problems of the API: the exception handler of Django REST framework."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest
from django.utils.translation import gettext
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework.exceptions import APIException

from apps.kernel.errors import Refusal, Unauthenticated

from .bodies import CONTENT_TYPE, WENT_WRONG, problem, problem_of
from .outages import is_outage, refusal_of

log = logging.getLogger(__name__)


class ProblemHandler(ExceptionHandler):
    """Refusals and errors of DRF as problem+json; drf-standardized-errors flattens the field errors."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if is_outage(exc):
            exc = self.exc = refusal_of(exc)
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
        if isinstance(refusal, Unauthenticated):
            self.auth_header = refusal.challenge


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
