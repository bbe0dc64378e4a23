"""How often each variant of a flag is served, by minute and day. The processes count; the store drains their counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Sum

from apps.flags.models import FlagUsage
from apps.flags.models.flags import KEY
from apps.kernel.clock import now
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.tenant import activate, current_tenant

Span = FlagUsage.Span
RETENTION: Mapping[str, dt.timedelta] = {
    Span.MINUTE: dt.timedelta(days=7),
    Span.DAY: dt.timedelta(days=400),
}
UNKNOWN = "UNKNOWN_FLAG"
OWN, PLATFORM = 0, -1
"""`reported_by` of what the processes of this installation evaluated, and of programs that report to the platform."""
MAX_REPORTED = 1_000_000
"""Of one variant in one report of a program."""
_ADD = """
INSERT INTO flags_flagusage AS usage (key, variant, span, starts_at, evaluations, last_at, reported_by)
SELECT counted.key, counted.variant, spans.span, date_trunc(spans.span, %s::timestamptz, 'UTC'), counted.number, %s, %s
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS counted (key, variant, number),
     (VALUES ('minute'), ('day')) AS spans (span)
WHERE length(counted.key) <= 100 AND counted.key ~ %s
ORDER BY 1, 3, 2
ON CONFLICT (key, span, starts_at, variant, reported_by) DO UPDATE
SET evaluations = usage.evaluations + excluded.evaluations, last_at = greatest(usage.last_at, excluded.last_at)
"""


class Count(NamedTuple):
    starts_at: dt.datetime
    variant: str
    evaluations: int


def reporter() -> int:
    """Of reports to the current tenant, or the platform."""
    tenant = current_tenant()
    return tenant.id if tenant else PLATFORM


def record_reported(counts: Mapping[tuple[str, str | None, str], int], reported_by: int) -> None:
    """What programs of a tenant report. It is no count of this installation: no figure contains it, and it is evidence
    that a flag is in use only where there is no other."""
    capped = {counted: min(number, MAX_REPORTED) for counted, number in counts.items()}
    record_usage(capped, reported_by=reported_by)


def record_usage(counts: Mapping[tuple[str, str | None, str], int], *, reported_by: int = OWN) -> None:
    """Adds numbers of evaluations by key, variant and reason, in one statement. The tables are of the platform, so
    it runs outside of any transaction of a tenant."""
    totals: dict[tuple[str, str], int] = {}
    for (key, variant, reason), number in counts.items():
        if reason != UNKNOWN and number > 0:
            totals[key, variant or ""] = totals.get((key, variant or ""), 0) + number
    if not totals:
        return
    keys, variants = zip(*totals, strict=True)
    at = now()
    with activate(None), unit_of_work(), connection.cursor() as cursor:
        cursor.execute(
            _ADD,
            [at, at, reported_by, list(keys), list(variants), list(totals.values()), KEY.replace(r"\Z", "$")],
        )


def purge() -> int:
    """Removes counts whose retention has ended. Returns their number."""
    removed = 0
    for span, retention in RETENTION.items():
        removed += FlagUsage.objects.filter(span=span, starts_at__lt=now() - retention).delete()[0]
    return removed


def last_seen(keys: Iterable[str] | None = None) -> Mapping[str, dt.datetime]:
    """The last evaluation of each flag, here or in a program that reports it, except of those never evaluated. It is
    late by the interval of the export."""
    days = FlagUsage.objects.filter(span=Span.DAY)
    if keys is not None:
        days = days.filter(key__in=list(keys))
    return dict(days.order_by("key").values("key").annotate(last=Max("last_at")).values_list("key", "last"))


def served_since(since: dt.datetime, *, is_reported: bool = False) -> Mapping[str, Mapping[str, int]]:
    """By key the number of evaluations of each variant, from the day of this instant on: those of this installation,
    or those that programs reported."""
    first = since.replace(hour=0, minute=0, second=0, microsecond=0)
    days = FlagUsage.objects.filter(span=Span.DAY, starts_at__gte=first)
    days = days.exclude(reported_by=OWN) if is_reported else days.filter(reported_by=OWN)
    served: dict[str, dict[str, int]] = {}
    for key, variant, total in (
        days.order_by("key")
        .values("key", "variant")
        .annotate(total=Sum("evaluations"))
        .values_list("key", "variant", "total")
    ):
        served.setdefault(key, {})[variant] = total
    return served


def usage_of(key: str, since: dt.datetime, span: str = Span.DAY) -> Sequence[Count]:
    """The counts of one flag in this installation, the oldest first."""
    counts = FlagUsage.objects.filter(key=key, span=span, starts_at__gte=since, reported_by=OWN).order_by(
        "starts_at", "variant"
    )
    return [Count(*row) for row in counts.values_list("starts_at", "variant", "evaluations")]
