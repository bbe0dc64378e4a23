"""What sagas tell of a request's life."""

from __future__ import annotations

from collections.abc import Iterable

from apps.kernel.pii import exclude_from_copies
from apps.kernel.request_trace import RequestTraceEntry, Severity, trace_source

from .models import Happening, Run

_SEVERITIES: dict[str, Severity] = {
    "failed": "waiting",
    "waits": "waiting",
    "refused": "bad",
    "stuck": "bad",
    "ended": "good",
}


@trace_source
def journeys(correlation_id: str) -> Iterable[RequestTraceEntry]:
    happenings = Happening.objects.filter(run__correlation_id=correlation_id).select_related("run")
    return [_line(happening, happening.run) for happening in happenings]


def _line(happening: Happening, run: Run) -> RequestTraceEntry:
    begins = happening.what == Happening.What.BEGAN
    return RequestTraceEntry(
        at=happening.at,
        kind="saga",
        text=f"{run}: {str(happening).removesuffix(': ').lower()}",
        severity=_SEVERITIES.get(happening.what, "plain"),
        detail=happening.detail,
        name=f"saga:{run.pk}" if begins else "",
        caused_by="" if begins else f"saga:{run.pk}",
        row=("sagas.run", run.pk),
    )


exclude_from_copies("sagas.Run", "sagas.Happening")
