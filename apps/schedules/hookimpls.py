"""The scheduled commands of a request, for its trace. A clone of a tenant has none: it would execute them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.pii import exclude_from_clones

from .models import ScheduledCommand

_SEVERITIES: Mapping[str, Severity] = {
    ScheduledCommand.State.WAITING: "waiting",
    ScheduledCommand.State.DONE: "good",
    ScheduledCommand.State.CANCELLED: "plain",
}


@trace_source
def scheduled_commands_of_request(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for scheduled in ScheduledCommand.objects.filter(correlation_id=correlation_id).order_by("id"):
        yield RequestTraceEntry(
            at=scheduled.created_at,
            kind="scheduled command",
            name=scheduled.key,
            text=gettext("Scheduled {command} for {time}: {state}.").format(
                command=scheduled.command,
                time=scheduled.shown_time,
                state=str(scheduled.get_state_display()).lower(),
            ),
            severity=_SEVERITIES.get(scheduled.state, "bad"),
            row=("schedules.scheduledcommand", scheduled.pk),
        )


exclude_from_clones("schedules.ScheduledCommand")
