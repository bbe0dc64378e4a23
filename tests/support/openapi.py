"""The OpenAPI document of a plane."""

from __future__ import annotations

import json
from io import StringIO

from django.core.management import call_command


def document(urlconf: str) -> dict:
    out = StringIO()
    call_command(
        "spectacular", urlconf=urlconf, validate=True, fail_on_warn=True, format="openapi-json", stdout=out
    )
    return json.loads(out.getvalue())
