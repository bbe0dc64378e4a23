"""W3C trace context: which trace this work belongs to, and what it is a part of.

The correlation id is ours and stands in rows; the trace id is for the tools that draw traces, which may keep only
some of them. They travel side by side.
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
    """A place in a trace. `span_id` is this piece of work's own, `parent_id` that of the work which asked for it,
    and `caller` the trace id of a caller who is not trusted to choose ours."""

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
    """What a traceparent says, or None when it is not well-formed. The level-1 rules: lower-case hexadecimals, no
    id of zeros, version ff never, and nothing behind the flags in version 00."""
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
