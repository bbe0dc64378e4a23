"""The body of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from apps.kernel import strict_json


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = "The body is larger than this server reads."
    default_code = "body_too_large"


class JSONBody(BaseParser):
    """Strict JSON, no larger than `largest` or DATA_UPLOAD_MAX_MEMORY_SIZE, which DRF's own parser does not ask
    about."""

    media_type = "application/json"
    largest: int | None = None

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        largest = self.largest or settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 2_621_440
        body = stream.read(largest + 1)
        if len(body) > largest:
            raise BodyTooLarge
        try:
            return strict_json.loads(body)
        except strict_json.NotStrictJSON as why:
            raise ParseError(f"The body is not JSON: {why}.") from None
