"""Logging: one processor chain for lines of structlog and logging, which adds the actor, tenant and request.

Secrets and addresses of callers are redacted. The log levels of commands and events are in tables.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

import structlog
from django.http import HttpRequest
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.kernel.actors import acting, impersonator
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.plain import SECRET
from apps.kernel.tenant import current_tenant

from .traceparent import current_trace

OUTCOMES: Mapping[str, int] = {"done": logging.INFO, "refused": logging.WARNING, "failed": logging.ERROR}
"""The log level of each outcome of a command."""

EVENT_LEVELS: Mapping[str, int] = {"setting.*": logging.INFO, "flag.*": logging.INFO}
"""The log level of published events by pattern; DEBUG for all others."""

SECRET_NAME = re.compile(
    r"(?:\A|_)(?:apikey|authorization|cookies?|credentials?|csrfmiddlewaretoken|keys?|otp|passphrase"
    r"|passwd|passwords?|pwd|secrets?|sessionid|signatures?|tokens?)(?:_|\Z)"
)
NOT_SECRET = re.compile(r"\A(?:cache|foreign|idempotency|natural|primary|routing|setting)_keys?\Z")
MAY_CONTAIN_SECRET = re.compile(r"(?i)://|bearer|basic|passw|secret|token|api_?key|/support/enter/")
HIDDEN_IN_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@"), rf"\1:{SECRET}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {SECRET}"),
    (
        re.compile(r"(?i)\b(password|passwd|secret|token|api_?key)(\"?'?\s*[=:]\s*)[^\s,;&]+"),
        rf"\1\2{SECRET}",
    ),
    (re.compile(r"(/support/enter/)[^/\s]+"), rf"\1{SECRET}"),  # a ticket, in an address that was refused
)
MAX_DEPTH = 8
"""Values nested deeper are left out."""

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)
"""The current request."""


def level_of_event(name: str) -> int:
    return next(
        (level for pattern, level in EVENT_LEVELS.items() if fnmatchcase(name, pattern)), logging.DEBUG
    )


def log_context(**words: Any) -> AbstractContextManager[None]:
    """Adds these values to every log line inside the block."""
    return structlog.contextvars.bound_contextvars(**words)


def configure(settings: dict[str, Any]) -> None:
    """settings.LOGGING_CONFIG: Django calls it with settings.LOGGING."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *CHAIN,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def formatter(form: str | None = None) -> logging.Formatter:
    """JSON, or readable lines at a terminal and with LOG_FORMAT=line."""
    chosen = form or ("line" if sys.stderr.isatty() else "json")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*CHAIN, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            {"json": _as_json, "line": _as_line}[chosen],
        ],
    )


def add_context(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Adds the current context; values of the line itself take precedence."""
    tenant, trace, actor = current_tenant(), current_trace(), acting() or _signed_in_user()
    values = {
        "tenant": tenant.slug if tenant else "platform",
        "correlation_id": correlation_id(),
        "causation_id": causation_id(),
        "trace_id": trace.trace_id if trace else None,
        "caller_trace_id": trace.caller if trace else None,
        "actor": str(actor) if actor else None,
        "impersonator": str(impersonator() or getattr(current_request.get(), "impersonator", None) or ""),
    }
    for name, value in values.items():
        if value:
            line.setdefault(name, value)
    return line


def redact(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    """Redacts values with a secret name or field metadata, at any depth, and passwords in texts."""
    for foreign in (
        "request",
        "message",
        "asctime",
    ):  # Django's request contains the address of the caller; the others are duplicates
        line.pop(foreign, None)
    return {name: SECRET if _is_secret(name) else _clean(value, MAX_DEPTH) for name, value in line.items()}


def _signed_in_user() -> Any:
    """The signed-in user, if the request has loaded it already: a log line makes no query."""
    request = current_request.get()
    user = getattr(request, "_cached_user", None) if request else None
    return user if user is not None and user.is_authenticated else None


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
    return bool(SECRET_NAME.search(name)) and not NOT_SECRET.match(name)


def _clean(value: Any, deep: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if not deep:
        return "…"
    if is_dataclass(value) and not isinstance(value, type):
        secret = {field.name for field in fields(value) if field.metadata.get("secret")}
        value = {
            field.name: SECRET if field.name in secret else getattr(value, field.name)
            for field in fields(value)
        }
    if isinstance(value, Mapping):
        return {
            str(name): SECRET if _is_secret(str(name)) else _clean(inner, deep - 1)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner, deep - 1) for inner in value]
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """The text with passwords and tickets redacted."""
    if not MAY_CONTAIN_SECRET.search(text):
        return text
    for pattern, instead in HIDDEN_IN_TEXT:
        text = pattern.sub(instead, text)
    return text


def _as_json(_: WrappedLogger, __: str, line: EventDict) -> str:
    return json.dumps(line, ensure_ascii=False, default=str)


def _as_line(_: WrappedLogger, __: str, line: EventDict) -> str:
    at, level, name = (line.pop(word, "") for word in ("timestamp", "level", "logger"))
    tenant, correlation, message = (
        line.pop("tenant", ""),
        line.pop("correlation_id", "-"),
        line.pop("event", ""),
    )
    for quiet in ("trace_id", "caller_trace_id"):
        line.pop(quiet, None)
    exception = line.pop("exception", "")
    rest = " ".join(f"{word}={value}" for word, value in line.items())
    first = f"{at[11:23]} {level.upper():7} {tenant} {correlation} {name}: {message}"
    return "\n".join(part for part in (f"{first}  {rest}".rstrip(), exception) if part)


CHAIN: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_context,
]
