"""Redaction of log lines: values with a secret name or field, at any depth, and passwords in texts.

A value is secret by the name under which it is logged, or by the metadata of its dataclass field. Every other value is
reduced to plain values, with the passwords, signed texts and tickets in its texts replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from structlog.typing import EventDict, WrappedLogger

from apps.kernel.plain import SECRET

SECRET_NAME = re.compile(
    r"(?:\A|_)(?:apikey|authorization|cookies?|credentials?|csrfmiddlewaretoken|keys?|otp|passphrase"
    r"|passwd|passwords?|pwd|secrets?|sessionid|signatures?|tokens?)(?:_|\Z)"
)
NOT_SECRET = re.compile(r"\A(?:cache|foreign|idempotency|natural|primary|routing|setting)_keys?\Z")
MAY_CONTAIN_SECRET = re.compile(r"(?i)://|bearer|basic|passw|secret|token|api_?key|/support/enter/|:\w{6}:")
HIDDEN_IN_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@"), rf"\1:{SECRET}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {SECRET}"),
    (
        re.compile(r"(?i)\b(password|passwd|secret|token|api_?key)(\"?'?\s*[=:]\s*)[^\s,;&]+"),
        rf"\1\2{SECRET}",
    ),
    (
        re.compile(r"[\w.-]+:\w{6}:[\w-]{43}"),
        SECRET,
    ),  # a signed text (`apps.kernel.signed`), such as that of a link
    (re.compile(r"(/support/enter/)[^/\s]+"), rf"\1{SECRET}"),  # a ticket, in an address that was refused
)
NOT_LOGGED = ("request", "message", "asctime")
"""Django's request contains the address of the caller; the others repeat what the line has."""
MAX_DEPTH = 9
"""Levels of nesting, with the line as the first; deeper values are left out."""


def redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Processor of structlog: the line without secrets."""
    return _redacted_items({name: line[name] for name in line if name not in NOT_LOGGED}, MAX_DEPTH)


def clean_text(text: str) -> str:
    """The text with passwords, signed texts and tickets redacted."""
    if not MAY_CONTAIN_SECRET.search(text):
        return text
    for pattern, instead in HIDDEN_IN_TEXT:
        text = pattern.sub(instead, text)
    return text


def _redacted(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return _redacted_items(value, depth)
    if is_dataclass(value) and not isinstance(value, type):
        return _redacted_items(_values_of(value), depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(inner, depth - 1) for inner in value]
    return clean_text(str(value))


def _redacted_items(values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    return {
        name: SECRET if _is_secret(name) else _redacted(value, depth - 1)
        for name, value in ((str(name), value) for name, value in values.items())
    }


def _values_of(record: Any) -> dict[str, Any]:
    """The fields of a dataclass by name, those with secret metadata redacted."""
    shape: Any = type(record)  # mypy 2.3 takes no class for hashable
    return {
        name: SECRET if is_secret else getattr(record, name) for name, is_secret in _fields_of(shape).items()
    }


@lru_cache(maxsize=1000)
def _fields_of(shape: Any) -> dict[str, bool]:
    """Whether each field of the dataclass is secret."""
    return {field.name: bool(field.metadata.get("secret")) for field in fields(shape)}


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
    return bool(SECRET_NAME.search(name)) and not NOT_SECRET.match(name)
