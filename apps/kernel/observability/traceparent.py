"""W3C trace context: the trace and span of the current work.

The correlation id is Bursar's and is stored in rows. The trace id is for tracing tools, which may sample. Both travel
together.
"""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

HEADER = "traceparent"
FORM = re.compile(r"\A([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z", re.ASCII)
NOTHING, SAMPLED = 0, 1


@dataclass(frozen=True, slots=True)
class Trace:
    """A span of a trace. `span_id` is the current one, `parent_id` the one that caused it, and `caller` the trace id
    of an untrusted caller."""

    trace_id: str
    span_id: str
    flags: int = NOTHING
    parent_id: str = ""
    caller: str = ""

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    def child(self) -> Trace:
        return Trace(self.trace_id, new_span_id(), self.flags, parent_id=self.span_id, caller=self.caller)


def parse(written: str) -> Trace | None:
    """Parses a traceparent header; None if it is not well-formed. The rules of level 1: lower-case hexadecimals, no
    id of zeros, no version ff, and in version 00 nothing after the flags."""
    form = FORM.match(written)
    if form is None:
        return None
    version, trace_id, span_id, flags, more = form.groups()
    if version == "ff" or (version == "00" and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return Trace(trace_id, span_id, int(flags, 16) & SAMPLED)


def new_trace(*, flags: int = NOTHING, caller: str = "") -> Trace:
    return Trace(secrets.token_hex(16), new_span_id(), flags, caller=caller)


def new_span_id() -> str:
    return secrets.token_hex(8)


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_trace() -> Trace | None:
    return _trace.get()
