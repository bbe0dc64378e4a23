"""The request trace: entries of all apps about one correlation id.

An app registers a source in its `hookimpls.py`. It is called once for the platform and once for each tenant concerned,
and reads the data of the current tenant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from django.apps import apps
from django.conf import settings
from django.db import models

from apps.kernel.tenant import current_tenant

Severity = Literal["good", "plain", "waiting", "bad"]


@dataclass(frozen=True, kw_only=True)
class RequestTraceEntry:
    """Something that happened, in business language.

    kind       a word for what it is: "command", "event", "internal event", "delivery", "version", "saga", "webhook"
    name       what others give as their cause: "event:17"
    caused_by  the name of what caused it; empty where the request itself did
    row        the row that knows more: ("audit.record", 12)
    depth      how far it is from the request
    tenant     its slug; empty for the platform's
    """

    at: dt.datetime
    kind: str
    text: str
    severity: Severity = "plain"
    detail: str = ""
    name: str = ""
    caused_by: str = ""
    row: tuple[str, int] | None = None
    depth: int = 0
    tenant: str = ""


BY_HANDLERS = ("event", "version")
TraceSource = Callable[[str], Iterable[RequestTraceEntry]]
_tellers: list[TraceSource] = []


def trace_source(teller: TraceSource) -> TraceSource:
    """Registers a source: `source(correlation_id)`."""
    _tellers.append(teller)
    return teller


def entries_here(correlation_id: str) -> list[RequestTraceEntry]:
    """The entries of the current tenant or the platform."""
    tenant = current_tenant()
    slug = tenant.slug if tenant else ""
    return [replace(line, tenant=slug) for teller in _tellers for line in teller(correlation_id)]


def in_order(lines: Iterable[RequestTraceEntry]) -> list[RequestTraceEntry]:
    """Sorted by time, with each entry below its cause."""
    known = _below_commands(sorted(lines, key=lambda line: (line.at, not line.name)))
    named = {line.name for line in known if line.name}
    children: dict[str, list[RequestTraceEntry]] = {}
    for line in known:
        children.setdefault(line.caused_by if line.caused_by in named else "", []).append(line)
    return list(_below("", children, 0))


def _below_commands(lines: list[RequestTraceEntry]) -> list[RequestTraceEntry]:
    """Events and versions written by a handler belong to its command, whose record is written after them: it is the
    next command of the same cause."""
    owner: dict[tuple[str, str], str] = {}
    owned = []
    for line in reversed(lines):
        cause = (line.tenant, line.caused_by)
        if line.kind == "command":
            owner[cause] = line.name
        elif line.kind in BY_HANDLERS and cause in owner:
            line = replace(line, caused_by=owner[cause])
        owned.append(line)
    return owned[::-1]


def has_table_here(model: type[models.Model]) -> bool:
    """Whether the current schema has the model's table."""
    installed = settings.TENANT_APPS if current_tenant() else settings.SHARED_APPS
    return apps.get_app_config(model._meta.app_label).name in installed


def _below(
    name: str, children: dict[str, list[RequestTraceEntry]], depth: int
) -> Iterator[RequestTraceEntry]:
    for line in children.pop(name, ()):
        yield replace(line, depth=depth)
        if line.name:
            yield from _below(line.name, children, depth + 1)
