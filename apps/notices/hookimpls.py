"""The notices of a request, for its trace, and the tables left out of clones of a tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.pii import exclude_from_clones

from . import kinds  # noqa: F401 - declares the kinds
from .models import Notice, NoticeDelivery


@trace_source
def notices_of_request(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for notice in Notice.objects.filter(correlation_id=correlation_id).order_by("id"):
        states = Counter(notice.deliveries.values_list("state", flat=True))
        yield RequestTraceEntry(
            at=notice.created_at,
            kind="notice",
            text=gettext("Notice “{subject}”: {states}.").format(
                subject=notice.subject, states=describe_states(states)
            ),
            severity=_severity(states),
            row=("notices.notice", notice.pk),
        )


def describe_states(states: Counter[str]) -> str:
    counts = [
        f"{states[state]} {str(state.label).lower()}" for state in NoticeDelivery.State if states[state]
    ]
    return ", ".join(counts) or gettext("no recipients")


def _severity(states: Counter[str]) -> Severity:
    if states[NoticeDelivery.State.FAILED]:
        return "bad"
    return "waiting" if states[NoticeDelivery.State.WAITING] else "good"


exclude_from_clones("notices.Notice", "notices.NoticeDelivery", "notices.NotificationChannel")
