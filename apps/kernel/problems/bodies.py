"""The content of a problem, the same for the API, for pages and for management commands."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.correlation import correlation_id
from apps.kernel.errors import Refusal

CONTENT_TYPE = "application/problem+json"
WENT_WRONG = _("Something went wrong here. It is logged under the correlation id; nothing was changed.")


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


def _plain_value(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else str(value)
