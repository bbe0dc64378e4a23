"""The order of a run: a canary of each group, one after the other, then the rest of the groups in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from .discovery import Kind, Schema
from .executor import apply
from .grouping import Group
from .options import MigrationOptions
from .outcome import Outcome, Status
from .planning import Plan
from .workers import in_parallel


@dataclass(frozen=True, slots=True)
class Wave:
    """A group with its canary.

    rest         the other schemas of the group; they follow after the canary was migrated
    is_decisive  the options name the canary; if it fails, no other schema of any group is tried
    """

    plan: Plan
    canary: Schema
    rest: tuple[Schema, ...]
    is_decisive: bool

    @property
    def schemas(self) -> tuple[Schema, ...]:
        return (self.canary, *self.rest)


def waves(due: Sequence[Group], options: MigrationOptions) -> list[Wave]:
    """The wave with the named canary comes first."""
    return sorted((_wave(group, options) for group in due), key=lambda wave: not wave.is_decisive)


def _wave(group: Group, options: MigrationOptions) -> Wave:
    """The canary is the named tenant, else a tenant, else a spare."""
    in_order = sorted(
        group.schemas, key=lambda schema: (not options.is_canary(schema), schema.kind is Kind.SPARE)
    )
    canary, *rest = in_order
    return Wave(group.plan, canary, tuple(rest), options.is_canary(canary))


def outcomes(
    planned: Sequence[Wave], options: MigrationOptions, not_tried: dict[Schema, list[Schema]]
) -> Iterator[Outcome]:
    """Migrate the schemas of all waves. Adds those that a failed canary excludes to `not_tried`; the group of a canary
    that is gone is left to the next pass."""
    following = []
    for wave in planned:
        outcome = _migrator(wave.plan, options)(wave.canary)
        yield outcome
        match outcome.status, wave.is_decisive:
            case Status.MIGRATED, _:
                following.append(wave)
            case Status.FAILED, False:
                not_tried[wave.canary] = list(wave.rest)
            case Status.FAILED, True:
                not_tried[wave.canary] = [
                    schema for other in planned for schema in other.schemas if schema != wave.canary
                ]
                return
    for wave in following:
        yield from in_parallel(wave.rest, partial(_migrator, wave.plan, options), options.workers)


def _migrator(plan: Plan, options: MigrationOptions) -> Callable[[Schema], Outcome]:
    """Has its own copy of the plan's states, so each thread needs its own."""
    steps = plan.steps()
    return lambda schema: apply(schema, steps, plan.recorded_only, options.lock_policy)
