"""What sagas tell of a request's life."""

from __future__ import annotations

from collections.abc import Iterable

from apps.kernel.personal import stays_home
from apps.kernel.story import Severity, StoryLine, story

from .models import Happening, Run

_SEVERITIES: dict[str, Severity] = {
    "failed": "waiting",
    "waits": "waiting",
    "refused": "bad",
    "stuck": "bad",
    "ended": "good",
}


@story
def journeys(correlation_id: str) -> Iterable[StoryLine]:
    happenings = Happening.objects.filter(run__correlation_id=correlation_id).select_related("run")
    return [_line(happening, happening.run) for happening in happenings]


def _line(happening: Happening, run: Run) -> StoryLine:
    begins = happening.what == Happening.What.BEGAN
    return StoryLine(
        at=happening.at,
        kind="saga",
        text=f"{run}: {str(happening).removesuffix(': ').lower()}",
        severity=_SEVERITIES.get(happening.what, "plain"),
        detail=happening.detail,
        name=f"saga:{run.pk}" if begins else "",
        caused_by="" if begins else f"saga:{run.pk}",
        row=("sagas.run", run.pk),
    )


stays_home("sagas.Run", "sagas.Happening")
