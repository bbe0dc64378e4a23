"""The endpoints of both planes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver

OF_PROGRAMS = ("/api/", "/ofrep/")
"""Beginnings of the addresses that are no pages."""
PLANES = {"operator": settings.OPERATOR_URLCONF, "tenant": settings.ROOT_URLCONF}


def endpoints(plane: str) -> list[tuple[str, type]]:
    """(address, view class) of all that programs request."""
    return endpoints_with(plane, "1")


def endpoints_with(plane: str, value: str) -> list[tuple[str, type]]:
    """The endpoints, with `value` in place of ids and names."""
    return sorted(
        (address, _view_class(pattern))
        for address, pattern in _walk(import_module(PLANES[plane]).urlpatterns, "/", value)
        if address.startswith(OF_PROGRAMS)
    )


def _view_class(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)


def _walk(
    patterns: Iterable[URLPattern | URLResolver], prefix: str, value: str
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        address = prefix + re.sub(r"<[^>]+>", lambda _: value, str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, address, value)
        else:
            yield address, pattern
