"""The OpenAPI document of a plane."""

from __future__ import annotations

import json
from functools import cache
from io import StringIO
from typing import Any

from django.core.management import call_command


def document(urlconf: str) -> dict[str, Any]:
    """A copy of the document, which is made once per process."""
    made: dict[str, Any] = json.loads(_made(urlconf))
    return made


@cache
def _made(urlconf: str) -> str:
    out = StringIO()
    call_command(
        "spectacular", urlconf=urlconf, validate=True, fail_on_warn=True, format="openapi-json", stdout=out
    )
    return out.getvalue()
