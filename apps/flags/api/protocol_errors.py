"""Errors in the form of the protocol that a client speaks, whichever part of the server refused its request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from apps.kernel.problems.bodies import CONTENT_TYPE

_OFREP = re.compile(r"\A(?:/[tT]/[^/]*)?/ofrep(?:/v1/evaluate/flags/(?P<key>[^/]+))?(?:/|\Z)")
_UNLEASH = re.compile(r"\A(?:/[tT]/[^/]*)?/api/client(?:/|\Z)")
_ERROR_CODES: Mapping[str, str] = {
    "flags.flag_not_found": "FLAG_NOT_FOUND",
    "flags.context_invalid": "INVALID_CONTEXT",
    "flags.targeting_key_missing": "TARGETING_KEY_MISSING",
    "request.parse_error": "PARSE_ERROR",
    "request.malformed": "PARSE_ERROR",
    "request.body_incomplete": "PARSE_ERROR",
    "request.body_length_missing": "PARSE_ERROR",
    "request.unsupported_media_type": "PARSE_ERROR",
}
"""By the code of the refusal. OFREP has GENERAL for all others."""


class ProtocolErrorsMiddleware:
    """Outside of all that refuses requests. Other addresses have problem+json."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.get("Content-Type", "") != CONTENT_TYPE:
            return response
        if match := _OFREP.match(request.path_info):
            return _written(response, *of_ofrep(json.loads(response.content), match["key"]))
        if _UNLEASH.match(request.path_info):
            return _written(response, *of_unleash(json.loads(response.content)))
        return response


def of_ofrep(problem: Mapping[str, Any], key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and body. A body that cannot be read has one status in OFREP, 400. The code of the refusal is in the
    metadata."""
    error_code = _ERROR_CODES.get(problem["code"], "GENERAL")
    body = failure(error_code, str(problem["detail"]), str(problem["code"]))
    status = 400 if error_code == "PARSE_ERROR" else int(problem["status"])
    return status, {"key": key, **body} if key else body


def error_code_of(code: str) -> str:
    return _ERROR_CODES.get(code, "GENERAL")


def failure(error_code: str, details: str, code: str) -> dict[str, Any]:
    """Clients read `errorCode` and `errorDetails` of every error."""
    return {"errorCode": error_code, "errorDetails": details, "metadata": {"code": code}}


def of_unleash(problem: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body."""
    return int(problem["status"]), {
        "id": problem["correlation_id"],
        "name": problem["code"],
        "message": problem["detail"],
    }


def _written(response: HttpResponse, status: int, body: Mapping[str, Any]) -> HttpResponse:
    response.status_code = status
    response.content = json.dumps(body).encode()
    response["Content-Type"] = "application/json"
    response["Content-Length"] = str(len(response.content))
    return response
