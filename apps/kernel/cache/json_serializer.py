"""The form of values in Django's cache: JSON, never pickles, since reading a pickle runs code that its writer chose."""

from __future__ import annotations

import json
import logging
from typing import Any

log = logging.getLogger(__name__)


class JsonSerializer:
    """For settings.CACHES. Sessions and counters are dictionaries, lists, texts and numbers."""

    def dumps(self, value: Any) -> bytes:
        """Raises TypeError for a value without a form in JSON. An integer is stored as Redis counts it."""
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, stored: bytes) -> Any:
        """None for a value in another form, as if it were missing."""
        try:
            return json.loads(stored)
        except ValueError:
            log.warning("A value in Redis is no JSON and was ignored.")
            return None
