"""The verb `experiment`: the result of an experiment by variant."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from apps.console.terminal import Output
from apps.flags import queries
from apps.flags.documents import FLAG
from apps.flags.errors import FlagNotFound, RevisionNotFound
from apps.flags.experiments.intervals import Interval
from apps.flags.experiments.results import VariantResult, result
from apps.flags.models import Revision
from apps.kernel.notation.arguments import whole_number


def add_experiment(parser: ArgumentParser) -> None:
    parser.add_argument("--outcome", required=True, metavar="NAME", help="As recorded by the code.")
    parser.add_argument("--base", default="", metavar="VARIANT", help="By default what a closed flag serves.")
    parser.add_argument("--revision", type=whole_number(), default=0, help="By default the last one.")


def experiment(*, key: str, outcome: str, base: str, revision: int, **_: Any) -> Output:
    """Of the tenant, or of all tenants together: the share of units with the outcome, and the difference from the
    base with its interval at 95 %."""
    if queries.flag_of_platform(key) is None:
        raise FlagNotFound(key=key)
    published = _revision(key, revision)
    document = published.document or {}
    base = base or document.get("off_variant") or next(iter(document.get("variants", {})), "")
    results = result(key, published.pk, outcome, base)
    data = {
        "key": key,
        "revision": published.pk,
        "outcome": outcome,
        "variants": [_data(one) for one in results],
    }
    return Output("\n".join(_lines(results)), data)


def _revision(key: str, number: int) -> Revision:
    rows = Revision.objects.using(queries.connection_of_platform()).published().filter(kind=FLAG, key=key)
    row = (rows.filter(pk=number) if number else rows.order_by("-pk")).first()
    if row is None:
        raise RevisionNotFound(revision_id=number)
    return row


def _data(one: VariantResult) -> dict[str, Any]:
    return {
        "variant": one.variant,
        "exposed": one.figures.exposed,
        "converted": one.figures.converted,
        "total": one.figures.total,
        "rate": one.rate,
        "rate_interval": one.rate_interval,
        "difference": one.difference,
        "difference_interval": one.difference_interval,
        "is_significant": one.is_significant,
    }


def _lines(results: Sequence[VariantResult]) -> list[str]:
    lines = [f"{'variant':<20}  {'exposed':>8}  {'outcome':>8}  {'rate':<26}  difference"]
    for one in results:
        difference = "base"
        if one.difference is not None and one.difference_interval is not None:
            mark = ", significant" if one.is_significant else ""
            difference = f"{100 * one.difference:+.2f} {_within(one.difference_interval)}{mark}"
        rate = f"{100 * one.rate:.2f} % {_within(one.rate_interval)}"
        figures = one.figures
        lines.append(
            f"{one.variant:<20}  {figures.exposed:>8}  {figures.converted:>8}  {rate:<26}  {difference}"
        )
    return lines


def _within(interval: Interval) -> str:
    return f"({100 * interval.low:.2f} to {100 * interval.high:.2f})"
