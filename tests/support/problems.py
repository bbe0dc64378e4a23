"""Problem responses of the API."""

from __future__ import annotations

from typing import Any

from tests.support.responses import ClientResponse


def refused(response: ClientResponse, status: int, code: str) -> dict[str, Any]:
    """The problem of the response."""
    assert response["Content-Type"] == "application/problem+json", response.content[:300]
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["code"]) == (status, code), problem
    return problem
