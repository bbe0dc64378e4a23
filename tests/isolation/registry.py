"""What there is to attack: every address, and an example of every command."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver

from apps.bus import Command
from apps.kernel.clock import today

from .conftest import FIRST, SECRET

TENANTS, OPERATORS = settings.ROOT_URLCONF, settings.OPERATOR_URLCONF
_WORDS = {"slug": "globex", "path": str(FIRST)}


def addresses(urlconf: str) -> list[str]:
    """Each with globex's first id, or a word of its, where it asks for something."""
    return sorted(set(_walk(import_module(urlconf).urlpatterns, "/")))


def _walk(patterns: Any, prefix: str) -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, prefix + _filled(str(each.pattern)))
        elif isinstance(each, URLPattern):
            yield prefix + _filled(str(each.pattern))


def _filled(pattern: str) -> str:
    pattern = re.sub(r"<(?:(\w+):)?\w+>", lambda found: _WORDS.get(found[1] or "", str(FIRST)), pattern)
    pattern = re.sub(r"\(\?P<\w+>[^)]*\)", str(FIRST), pattern)  # allauth writes regular expressions
    return pattern.lstrip("^").rstrip("$").replace("\\Z", "").replace("\\", "")


def example(shape: type[Command]) -> Command:
    """One that asks for globex's things: by its ids, its codes and its words."""
    hints = typing.get_type_hints(shape)
    return shape(**{each.name: _of(hints[each.name], each.name) for each in dataclasses.fields(shape)})


def _of(hint: Any, name: str) -> Any:
    made = {int: FIRST, str: _text(name), bool: True, Decimal: Decimal("1.50"), dt.date: today(), bytes: b"x"}
    if hint in made:
        return made[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _of(next(each for each in arguments if each is not type(None)), name)
    if origin is typing.Literal:
        return arguments[0]
    if origin in (tuple, list):
        return origin([_of(arguments[0], name)]) if arguments else origin()
    if origin is dict or hint in (dict, typing.Any) or "Mapping" in str(origin):
        return {}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    if dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{each.name: _of(hints[each.name], each.name) for each in dataclasses.fields(hint)})
    if hint is dt.datetime:
        return dt.datetime.now(dt.UTC)
    raise TypeError(f"No example is known of {hint}: add one, so that the matrix tries it.")


def _text(name: str) -> str:
    words = {
        "currency": "USD",
        "slug": "globex",
        "email": "owner@globex.example",
        "sku": f"SKU-{SECRET.upper()}",
        "item": f"SKU-{SECRET.upper()}",
        "customer": SECRET.upper(),
        "code": SECRET.upper(),
        "reference": f"order:{FIRST}",
        "url": f"https://{SECRET}.example.com/other",
    }
    return words.get(name, "of the other tenant")
