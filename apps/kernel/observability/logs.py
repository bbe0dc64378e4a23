"""Logging: one processor chain for lines of structlog and logging, which adds the actor, tenant and request.

Secrets and addresses of callers are redacted (`redaction.py`). The log levels of commands and events are in tables.
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
from fnmatch import fnmatchcase
from typing import Any

import structlog
from django.http import HttpRequest
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.kernel.actors import acting, impersonator
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.tenant import current_tenant

from .redaction import redact
from .traceparent import current_trace

OUTCOMES: Mapping[str, int] = {"done": logging.INFO, "refused": logging.WARNING, "failed": logging.ERROR}
"""The log level of each outcome of a command."""

EVENT_LEVELS: Mapping[str, int] = {"setting.*": logging.INFO, "feature_flag.*": logging.INFO}
"""The log level of published events by pattern; DEBUG for all others."""

COMMANDING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, line and paragraph separators, changes of the direction of writing, and single surrogates."""
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


def _signed_in_user() -> Any:
    """The signed-in user, if the request has loaded it already: a log line makes no query."""
    request = current_request.get()
    user = getattr(request, "_cached_user", None) if request else None
    return user if user is not None and user.is_authenticated else None


def _as_json(_: WrappedLogger, __: str, line: EventDict) -> str:
    """JSON itself escapes line breaks and the codes below U+0020; the others are escaped here, still as JSON."""
    return _escaped(json.dumps(line, ensure_ascii=False, default=str))


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
    first = _escaped(
        f"{at[11:23]} {level.upper():7} {tenant} {correlation} {name}: {message}  {rest}".rstrip()
    )
    traceback = (f"    {_escaped(part)}" for part in exception.split("\n")) if exception else ()
    return "\n".join((first, *traceback))


def _escaped(text: str) -> str:
    """Without characters that begin a line or command a terminal: a line holds texts of callers, who could write lines
    of their own. The lines of a traceback are indented for the same reason."""
    return COMMANDING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


CHAIN: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    add_context,
]
