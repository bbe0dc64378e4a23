"""What notices know of a request: whom it was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from apps.kernel.pii import exclude_from_copies
from apps.kernel.request_trace import RequestTraceEntry, Severity, trace_source

from . import kinds  # noqa: F401 - declared before anybody asks
from .models import Copy, Notice


@trace_source
def told(correlation_id: str) -> Iterator[RequestTraceEntry]:
    for notice in Notice.objects.filter(correlation_id=correlation_id).order_by("id"):
        states = Counter(notice.copies.values_list("state", flat=True))
        yield RequestTraceEntry(
            at=notice.created_at,
            kind="notice",
            text=f"People are told “{notice.subject}”: {in_words(states)}.",
            severity=_severity(states),
            row=("notices.notice", notice.pk),
        )


def in_words(states: Counter[str]) -> str:
    said = [f"{states[each]} {each.label.lower()}" for each in Copy.State if states[each]]
    return ", ".join(said) or "there is nobody to tell"


def _severity(states: Counter[str]) -> Severity:
    if states[Copy.State.DEAD]:
        return "bad"
    return "waiting" if states[Copy.State.WAITING] else "good"


exclude_from_copies("notices.Notice", "notices.Copy", "notices.Target")
