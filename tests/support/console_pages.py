"""The pages of both consoles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module

from django.urls import URLPattern, URLResolver

OUTSIDE = ("accounts/", "api/", "files/", "healthz", "login/", "metrics", "support/")
"""A file is opened by a signed link, metrics are read with a token, and a support session begins with a ticket."""


def addresses(urlconf: str) -> list[str]:
    return sorted(set(walk(import_module(urlconf).urlpatterns, "")))


def walk(patterns: Iterable[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + plain(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "(?P<url>" not in str(pattern.pattern):
            yield route


def plain(route: str) -> str:
    """An address that fits the pattern."""
    route = re.sub(r"<str:key>", "periods.reason_length", route)
    route = re.sub(r"<(?:int|path|str|slug):\w+>|<\w+>", "1", route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route)
    return re.sub(r"[\^$]|\\Z", "", route)


def guarded(urlconf: str) -> list[str]:
    return [address for address in addresses(urlconf) if not address.startswith(OUTSIDE)]


TENANT = guarded("config.urls_tenant")
OPERATOR = guarded("config.urls_operator")
