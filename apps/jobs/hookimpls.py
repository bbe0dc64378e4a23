"""The jobs of a request, for its trace. A clone of a tenant has none: their files are not copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.pii import exclude_from_clones

from .models import Run

_SEVERITIES: Mapping[str, Severity] = {
    Run.State.DONE: "good",
    Run.State.FAILED: "bad",
    Run.State.CANCELLED: "plain",
}


@trace_source
def jobs_of_request(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for run in Run.objects.filter(correlation_id=correlation_id).order_by("id"):
        yield RequestTraceEntry(
            at=run.created_at,
            kind="job",
            name=run.key,
            text=gettext("Job {job}: {state}.").format(job=run, state=str(run.get_state_display()).lower()),
            severity=_SEVERITIES.get(run.state, "waiting"),
            row=("jobs.run", run.pk),
        )


exclude_from_clones("jobs.Run")
