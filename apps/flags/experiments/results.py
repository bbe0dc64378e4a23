"""The result of an experiment: the share of units with an outcome, by variant, and its difference from the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from apps.flags.models import Exposure, Outcome
from apps.kernel.tenant import TenantInfo, activate, current_tenant
from apps.tenancy import queries as tenancy

from .intervals import Interval, newcombe, wilson


@dataclass(frozen=True)
class Figures:
    """exposed    units that were served the variant
    converted  those of them with at least one outcome of the name
    total      sum of the outcomes' values
    """

    exposed: int = 0
    converted: int = 0
    total: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.exposed + other.exposed, self.converted + other.converted, self.total + other.total
        )


@dataclass(frozen=True)
class VariantResult:
    """rate        share of the exposed units with the outcome, with its interval
    difference  from the rate of the base, in the range of -1 to 1, with its interval; None for the base itself
    """

    variant: str
    figures: Figures
    rate: float
    rate_interval: Interval
    difference: float | None = None
    difference_interval: Interval | None = None

    @property
    def is_significant(self) -> bool:
        """Whether the interval of the difference excludes 0."""
        interval = self.difference_interval
        return interval is not None and not interval.low <= 0 <= interval.high


def result(key: str, revision: int, outcome: str, base: str) -> Sequence[VariantResult]:
    """By variant, the base first. Of the current tenant; for the platform the sum of all tenants, outside of a
    transaction."""
    figures = (
        figures_here(key, revision, outcome) if current_tenant() else _figures_of_all(key, revision, outcome)
    )
    of_base = figures.get(base, Figures())
    others = [_compared(name, figures[name], of_base) for name in sorted(figures) if name != base]
    return [_base_result(base, of_base), *others]


def figures_here(key: str, revision: int, outcome: str) -> Mapping[str, Figures]:
    """By variant, in the current schema."""
    exposures = Exposure.objects.filter(key=key, revision=revision)
    exposed = dict(exposures.order_by("variant").values_list("variant").annotate(number=Count("pk")))
    outcomes = Outcome.objects.filter(exposure__key=key, exposure__revision=revision, name=outcome)
    rows = outcomes.order_by("exposure__variant").values_list("exposure__variant")
    done = {
        variant: (converted, total)
        for variant, converted, total in rows.annotate(Count("exposure", distinct=True), Sum("value"))
    }
    return {variant: Figures(number, *done.get(variant, (0, 0.0))) for variant, number in exposed.items()}


def _figures_of_all(key: str, revision: int, outcome: str) -> Mapping[str, Figures]:
    planes: list[TenantInfo | None] = [None, *tenancy.active_tenants()]
    total: dict[str, Figures] = {}
    for plane in planes:
        with activate(plane):
            for variant, figures in figures_here(key, revision, outcome).items():
                total[variant] = total.get(variant, Figures()) + figures
    return total


def _rate(figures: Figures) -> float:
    return figures.converted / figures.exposed if figures.exposed else 0.0


def _base_result(variant: str, figures: Figures) -> VariantResult:
    return VariantResult(variant, figures, _rate(figures), wilson(figures.converted, figures.exposed))


def _compared(variant: str, figures: Figures, base: Figures) -> VariantResult:
    return VariantResult(
        variant,
        figures,
        _rate(figures),
        wilson(figures.converted, figures.exposed),
        _rate(figures) - _rate(base),
        newcombe(figures.converted, figures.exposed, base.converted, base.exposed),
    )
