"""Guards of rollouts: conditions on the minute rollup of commands (apps/audit/rollup) since the stage began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from apps.audit import queries as audit
from apps.audit.rollup.figures import Figures
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import queries as tenancy

from .plans import Guard

Window = tuple[dt.datetime, dt.datetime | None]
PLATFORM = ""
MAX_BEFORE = dt.timedelta(days=7)
"""Of the time before a rollout that its figures are compared with."""


@dataclass(frozen=True)
class Breach:
    """A guard whose limit is exceeded, in a tenant or (`where` is empty) in all together."""

    guard: Guard
    value: float
    limit: float
    where: str = ""

    def __str__(self) -> str:
        plane = f" in {self.where}" if self.where else ""
        value, limit = _shown(self.guard, self.value), _shown(self.guard, self.limit)
        return f"{self.guard.measure} of {self.guard.target}{plane}: {value}, more than {limit}."


def _shown(guard: Guard, value: float) -> str:
    return f"{value:.1f} ms" if guard.measure == "mean_ms" else f"{value:.2%}"


def value_of(guard: Guard, figures: Figures) -> float:
    if guard.measure == "mean_ms":
        return figures.mean_ms
    count = figures.failed if guard.measure == "failures" else figures.refused
    return count / figures.commands if figures.commands else 0.0


def judge(guard: Guard, since: Figures, before: Figures, where: str = "") -> Breach | None:
    """None also while there are fewer commands than the guard needs, or none before to compare with."""
    if since.commands < guard.minimum:
        return None
    if guard.limit is not None:
        limit = float(guard.limit)
    elif guard.times is not None and before.commands >= guard.minimum:
        limit = value_of(guard, before) * guard.times
    else:
        return None
    value = value_of(guard, since)
    return Breach(guard, value, limit, where) if value > limit else None


def breach(guard: Guard, stage_since: dt.datetime, started_at: dt.datetime, at: dt.datetime) -> Breach | None:
    """The first breach. Outside of a transaction, as it reads every tenant."""
    since = figures_by_tenant(guard, (stage_since.replace(second=0, microsecond=0), None))
    before: Mapping[str, Figures] = {}
    if guard.times is not None:
        length = min(max(at - stage_since, dt.timedelta(hours=1)), MAX_BEFORE)
        before = figures_by_tenant(guard, (started_at - length, started_at.replace(second=0, microsecond=0)))
    if guard.scope == "all_tenants":
        return judge(guard, sum(since.values(), Figures()), sum(before.values(), Figures()))
    breaches = (judge(guard, since[slug], before.get(slug, Figures()), slug) for slug in since)
    return next((exceeded for exceeded in breaches if exceeded), None)


def figures_by_tenant(guard: Guard, window: Window) -> Mapping[str, Figures]:
    """By the slug of the tenant; the platform's own commands without one."""
    planes: list[TenantInfo | None] = [None, *tenancy.active_tenants()]
    figures = {}
    for plane in planes:
        with activate(plane):
            minutes = audit.command_minutes(*window)
            minutes = minutes.of_module(guard.target) if guard.is_module else minutes.of_command(guard.target)
            figures[plane.slug if plane else PLATFORM] = minutes.figures()
    return figures
