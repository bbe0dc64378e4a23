"""Problems in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from .bodies import CONTENT_TYPE

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


def document_problems(
    result: dict[str, Any], generator: Any, request: HttpRequest | None, public: bool
) -> dict[str, Any]:
    """drf-spectacular hook: documents problem+json for every error, except of a protocol that has a form of its own,
    and keeps "Try it out" inside /t/<slug>/."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for operation in _operations(result):
        if "default" in operation["responses"]:
            continue
        for status in [status for status in operation["responses"] if status[0] in "45"]:
            del operation["responses"][status]
        operation["responses"]["default"] = {
            "description": "Refused.",
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    if request is not None:
        result["servers"] = [{"url": request.META.get("SCRIPT_NAME") or "/"}]
    return result


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for methods in schema["paths"].values()
        for operation in methods.values()
        if isinstance(operation, dict) and "responses" in operation
    ]
