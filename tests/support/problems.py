"""Problems, as the API says them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse


def refused(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem that the answer says."""
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    said: dict[str, Any] = response.json()
    assert (response.status_code, said["code"]) == (status, code), said
    return said
