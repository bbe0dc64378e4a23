"""The pages of both consoles."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import URLPattern, URLResolver

from apps.console.edits import OPENED_WITH
from apps.console.sites import operator_site, tenant_site
from tests.support.responses import ClientResponse

OUTSIDE = ("accounts/", "api/", "files/", "healthz", "login/", "metrics", "ofrep/", "support/")
"""A file is opened by a signed link, metrics and flags of programs are read with a token, a support session begins with
a ticket."""


def addresses(urlconf: str, value: str = "1") -> list[str]:
    """All addresses, with `value` in place of ids and names."""
    return sorted(set(walk(import_module(urlconf).urlpatterns, "", value)))


def walk(patterns: Iterable[URLPattern | URLResolver], before: str, value: str = "1") -> Iterator[str]:
    for pattern in patterns:
        route = before + plain(str(pattern.pattern), value)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route, value)
        elif isinstance(pattern, URLPattern) and "(?P<url>" not in str(pattern.pattern):
            yield route


def plain(route: str, value: str = "1") -> str:
    """An address that fits the pattern."""
    route = re.sub(r"<str:key>", "periods.reason_length" if value == "1" else value, route)
    route = re.sub(r"<(?:int|path|str|slug):\w+>|<\w+>", lambda _: value, route)
    route = re.sub(r"\(\?P<\w+>[^)]*\)", lambda _: value, route)
    return re.sub(r"[\^$]|\\Z", "", route)


def guarded(urlconf: str, value: str = "1") -> list[str]:
    return [address for address in addresses(urlconf, value) if not address.startswith(OUTSIDE)]


def guarded_with(plane: str, value: str) -> list[str]:
    """The pages of a console, with `value` in place of ids and names."""
    return guarded(f"config.urls_{plane}", value)


PREFIXES = {"operator": "", "tenant": "/t/acme"}
LISTS: list[tuple[str, ModelAdmin[Any]]] = [
    (site.plane, admin) for site in (operator_site, tenant_site) for admin in site._registry.values()
]
"""(plane, admin) of the lists of both consoles."""


def path_of(plane: str, admin: ModelAdmin[Any]) -> str:
    return f"{PREFIXES[plane]}/{admin.opts.app_label}/{admin.opts.model_name}/"


TENANT = guarded("config.urls_tenant")
OPERATOR = guarded("config.urls_operator")


def edit(client: Client, path: str, fields: dict[str, Any], **options: Any) -> ClientResponse:
    """Opens the form that edits a thing, and sends it with these fields."""
    opened = re.search(f'name="{OPENED_WITH}" value="([^"]*)"', client.get(path).content.decode())
    carried = {OPENED_WITH: html.unescape(opened[1])} if opened else {}
    return client.post(path, {**carried, **fields}, **options)
