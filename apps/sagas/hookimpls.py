"""Saga log entries of a request trace, and tables that are not exported."""

from __future__ import annotations

from collections.abc import Iterable

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.pii import exclude_from_clones

from .models import LogEntry, Run

_SEVERITIES: dict[str, Severity] = {
    "failed": "waiting",
    "waits": "waiting",
    "refused": "bad",
    "stuck": "bad",
    "ended": "good",
}


@trace_source
def saga_log_entries(correlation_id: str) -> Iterable[RequestTraceEntry]:
    entries = LogEntry.objects.filter(run__correlation_id=correlation_id).select_related("run")
    return [_line(entry, entry.run) for entry in entries]


def _line(entry: LogEntry, run: Run) -> RequestTraceEntry:
    begins = entry.kind == LogEntry.Kind.BEGAN
    return RequestTraceEntry(
        at=entry.at,
        kind="saga",
        text=f"{run}: {str(entry).removesuffix(': ').lower()}",
        severity=_SEVERITIES.get(entry.kind, "plain"),
        detail=entry.detail,
        name=f"saga:{run.pk}" if begins else "",
        caused_by="" if begins else f"saga:{run.pk}",
        row=("sagas.run", run.pk),
    )


exclude_from_clones("sagas.Run", "sagas.LogEntry")
