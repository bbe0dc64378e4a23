"""The attack surface: every address with a valid body, and an example of every command."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import re
import types
import typing
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, resolve

from apps.bus import Command
from apps.bus.api.serializers import serializer_for
from apps.kernel.clock import today
from apps.kernel.plain import to_whole
from apps.ledger.commands import Line
from tests.support.two_at_work import FIRST, GLOBEX, SECRET

TENANTS, OPERATORS = settings.ROOT_URLCONF, settings.OPERATOR_URLCONF
_NUMBERS = {
    "tenant_id": GLOBEX,
    "year": today().year + 2,
    "first_month": 4,
    "overlap_hours": 1,
    "quantity": 3,
}
_WORDS = {"slug": "globex", "path": str(FIRST)}


def addresses(urlconf: str) -> list[str]:
    """Every address, with globex's first id or words as parameters."""
    return sorted(set(_walk(import_module(urlconf).urlpatterns, "/")))


def _walk(patterns: Any, prefix: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, prefix + _filled(str(pattern.pattern)))
        elif isinstance(pattern, URLPattern):
            yield prefix + _filled(str(pattern.pattern))


def _filled(pattern: str) -> str:
    pattern = re.sub(
        r"\(\?P<\w+>[^)]*\)", str(FIRST), pattern
    )  # Django's admin and allauth write regular expressions
    pattern = re.sub(r"<(?:(\w+):)?(\w+)>", lambda match: _word(match[1] or "", match[2]), pattern)
    return pattern.lstrip("^").rstrip("$").replace("\\Z", "").replace("\\", "")


def _word(kind: str, name: str) -> str:
    return str(GLOBEX) if name == "tenant_id" else _WORDS.get(kind, str(FIRST))


def body(address: str, urlconf: str) -> dict[str, Any]:
    """The body for an address of the API: the fields of its command, except those in the address."""
    match = resolve(address, urlconf)
    view = getattr(match.func, "cls", None)
    command = getattr(view, "command", None)
    if command is None:
        return {"reason": _text("reason")}
    taken = serializer_for(command, getattr(view, "server_fields", tuple(match.kwargs)))().fields
    return {name: value for name, value in to_whole(example(command)).items() if name in taken}


def filled_form(client: Client, address: str) -> dict[str, list[str]]:
    """The filled form of a console page; empty without a form."""
    # The response may repeat the attacker's own input, which must not contain the secret.
    return {
        name: [value.replace(SECRET, SECRET.upper()) for value in values]
        for name, values in form_of(client, address).values.items()
    }


def form_of(client: Client, address: str) -> Form:
    """The form of a console page, without values if there is none."""
    response, form = client.get(address), Form()
    if response.status_code == 200 and response.headers["Content-Type"].startswith("text/html"):
        form.feed(response.content.decode())
    return form


class Form(HTMLParser):
    """Keeps existing values, takes the last choice, and fills empty fields. `texts` names its text fields."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.texts: list[str] = []
        self._inside, self._select = False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "form":
            self._inside = has.get("method", "").lower() == "post" and "/logout/" not in has.get("action", "")
        if not self._inside:
            return
        if tag == "option" and value and self._select:
            self.values[self._select] = [value]
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self.values[name] = [typed_value(name)]
            self.texts.append(name)
        elif tag == "input" and name and has.get("type") not in ("submit", "button", "file"):
            is_chosen = has.get("type") in ("checkbox", "radio")
            if has.get("type", "text") in ("text", "email", "url"):
                self.texts.append(name)
            self.values.setdefault(name, []).append(value or ("on" if is_chosen else typed_value(name)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""


def typed_value(name: str) -> str:
    """The value of a text field. Of several lines the first two are filled and balance each other."""
    row, _, word = name.removeprefix("form-").rpartition("-")
    if row:
        return {**ROWS.get(int(row), {})}.get(word, "") if row.isdigit() else ""
    return str(FIRST) if name.endswith("_id") else TYPED_VALUES.get(name) or _text(name)


TYPED_VALUES = {
    "posted_on": today().isoformat(),
    "received_on": today().isoformat(),
    "year": str(_NUMBERS["year"]),
    "quantity": "3",
    "amount": "3",
    "reference": "of the other tenant",
    "code": "X7",
    "since": today().isoformat(),
    "until": today().isoformat(),
    "local_time": f"{_NUMBERS['year']}-01-01T08:00",
    "time_zone": "Europe/Berlin",
}
ROWS = {
    0: {"account": "1000", "currency": "USD", "amount": "5", "debit": "5", "sku": f"SKU-{SECRET.upper()}"}
    | {"item": f"SKU-{SECRET.upper()}", "quantity": "1", "price": "2.50", "unit_price": "2.50"},
    1: {"account": "4000", "currency": "USD", "amount": "-5", "credit": "5"},
}


def example(shape: type[Command]) -> Command:
    """A command with ids, codes and words of globex."""
    hints = typing.get_type_hints(shape)
    return shape(**{field.name: _of(hints[field.name], field.name) for field in dataclasses.fields(shape)})


def _of(hint: Any, name: str) -> Any:
    values = {
        int: GLOBEX if name == "tenant_id" else FIRST,
        str: _text(name),
        bool: True,
        Decimal: Decimal("1.50"),
        dt.date: today(),
        bytes: b"x",
    }
    if hint in values:
        return values[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _of(next(argument for argument in arguments if argument is not type(None)), name)
    if origin is typing.Literal:
        return arguments[0]
    if name == "transports":
        return ("email",)
    if arguments[:1] == (Line,):
        return tuple(Line(account, "USD", Decimal(amount)) for account, amount in (("1000", 5), ("4000", -5)))
    if origin in (tuple, list):
        return origin([_of(arguments[0], name)]) if arguments else origin()
    if origin is dict or hint in (dict, typing.Any) or "Mapping" in str(origin):
        return {}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(iter(hint))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return hint(**{field.name: _of(hints[field.name], field.name) for field in dataclasses.fields(hint)})
    if hint is dt.datetime:
        return dt.datetime.now(dt.UTC)
    raise TypeError(f"There is no example of {hint}: add one for the attack matrix.")


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
        "url": "https://elsewhere.example.com/other",
        "address": "jsons://elsewhere.example.com/other",
        "account": "1000",
        "journal": "GEN",
        "provider": "sandbox",
        "token": "tok_ok",
        "scheme": "standard",
        "kind": "note",
        "kinds": "note",
        "events": "entry.posted",
        "role": "accountant",
        "roles": "accountant",
        "scopes": "ledger.view_account",
        "to": "owner",
    }
    return words.get(name, "of the other tenant")


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace") + str(dict(response.headers))
