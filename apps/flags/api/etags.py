"""Responses with an ETag, which are sent once to a client that has them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http import HttpResponse
from django.utils.http import parse_etags
from rest_framework.request import Request


def tagged(request: Request, body: Any, *covered: Any) -> HttpResponse:
    """200 with the body, or 304 if the client has it. The ETag covers the body and what else it depends on."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hashlib.blake2b(content, digest_size=16)
    digest.update(json.dumps(covered, sort_keys=True, ensure_ascii=False).encode())
    etag = f'"{digest.hexdigest()}"'
    response = HttpResponse(content, content_type="application/json")
    if etag in [known.removeprefix("W/") for known in parse_etags(request.headers.get("If-None-Match", ""))]:
        response = HttpResponse(status=304)
        del response["Content-Type"]
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, X-API-Key"
    return response
