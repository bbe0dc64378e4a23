"""Problems, as the API says them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse


def refused(answer: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer says."""
    assert answer["Content-Type"] == "application/problem+json", answer.content[:300]
    said: dict[str, Any] = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    return said
