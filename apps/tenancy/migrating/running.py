"""All schemas that lack something: first one, then the rest, some at a time."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue

from django.db import connections

from apps.kernel import databases, progress
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.kernel.tenant import HOME

from . import noting
from .applying import Patience, apply, wait_for_the_disk
from .errors import (
    MigratedByAnother,
    OwnerIsNotHere,
    SchemaNotMigrated,
    SchemasLeftOut,
    TemplateLacksMigrations,
    TenantsAreUnknown,
)
from .outcome import Outcome
from .planning import Plan
from .surveying import Kind, Schema, survey

WORKERS = min(4, os.cpu_count() or 1)
ROUNDS = 3
"""A tenant that is set up meanwhile from an older blueprint is found by looking again."""

NOTED_TOGETHER = 25
"""What is not noted when a run is killed is looked at again by the next one, which costs little."""

THEIRS = frozenset({Kind.TENANT, Kind.SPARE})


@dataclass(frozen=True, slots=True)
class Wish:
    """only    these tenants' short names, instead of all and the spares
    canary   who goes first; otherwise the first tenant
    """

    only: Sequence[str] = ()
    canary: str = ""
    workers: int = WORKERS
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class Group:
    """Schemas that have the same migrations, and so lack the same."""

    plan: Plan
    schemas: tuple[Schema, ...]


@dataclass(slots=True)
class Result:
    """standing  how many had everything already
    left_out  what was not tried, for each canary that failed
    """

    standing: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    left_out: dict[Schema, int] = field(default_factory=dict)

    @property
    def migrated(self) -> list[Outcome]:
        return [each for each in self.outcomes if each.fingerprint]

    @property
    def failed(self) -> list[Outcome]:
        return [each for each in self.outcomes if each.error]


def groups(schemas: Sequence[Schema]) -> list[Group]:
    """The schemas by what they have, each group with its plan; those of which nothing is left to do are in none."""
    by_findings: dict[str, list[Schema]] = defaultdict(list)
    for each in schemas:
        if each.found is not None:
            by_findings[each.found].append(each)
    made = [Group(Plan(alike[0]), tuple(alike)) for alike in by_findings.values()]
    return [
        Group(group.plan, tuple(lacking))
        for group in made
        if (lacking := [each for each in group.schemas if group.plan or _is_not_noted(each)])
    ]


def migrate_tenants(wish: Wish = Wish()) -> Result:
    """Bring the tenants and the spares to the code's migrations. What fails is in the result, and the others are
    migrated all the same. Raises OwnerIsNotHere, MigratedByAnother, TenantsAreUnknown and TemplateLacksMigrations."""
    with alone():
        schemas = asked_for(wish)
        _templates_must_be_there(schemas)
        result, tried = Result(), set[str]()
        for _ in range(ROUNDS):
            due = groups(
                [each for each in schemas if each.name not in tried and each.kind is not Kind.PLATFORM]
            )
            _templates_must_be_ready(due)
            if not due:
                break
            _migrate(due, wish, result)
            tried |= {each.name for group in due for each in group.schemas}
            schemas = asked_for(wish)
        untouched = [each for each in _theirs(schemas) if each.name not in tried]
        result.outcomes += [_not_there(each) for each in untouched if each.found is None]
        result.standing = sum(each.found is not None for each in untouched)
        if not wish.only:
            noting.forget_all_but(each.name for each in schemas)
    return result


def asked_for(wish: Wish) -> list[Schema]:
    """Raises OwnerIsNotHere and TenantsAreUnknown."""
    if "owner" not in connections.settings:
        raise OwnerIsNotHere
    found = survey(wish.only)
    known = {each.slug for each in found}
    if unknown := [slug for slug in (*wish.only, wish.canary) if slug and slug not in known]:
        raise TenantsAreUnknown(slugs=", ".join(unknown))
    return found


def must_have_gone_well(result: Result) -> None:
    """Raises SchemaNotMigrated for each that failed, all together."""
    refusals: list[Refusal] = [
        SchemaNotMigrated(schema=each.schema, migration=each.at or "the end", error=each.error)
        for each in result.failed
    ]
    refusals += [
        SchemasLeftOut(count=count, canary=canary) for canary, count in result.left_out.items() if count
    ]
    if refusals:
        raise SeveralRefusals(refusals)


@contextmanager
def alone() -> Iterator[None]:
    """Raises MigratedByAnother. The lock ends with the connection, whatever ends that."""
    if "owner" not in connections.settings:
        raise OwnerIsNotHere
    if not _locked("SELECT pg_try_advisory_lock(hashtextextended('migrations', 0))"):
        raise MigratedByAnother
    try:
        yield
    finally:
        _locked("SELECT pg_advisory_unlock(hashtextextended('migrations', 0))")


def _locked(statement: str) -> bool:
    """Over the owner's connection, which never goes through a pooler."""
    with connections[databases.at("owner", HOME)].cursor() as cursor:
        cursor.execute(statement)
        return bool(cursor.fetchone()[0])


def _migrate(due: Sequence[Group], wish: Wish, result: Result) -> None:
    noting.waiting(each for group in due for each in group.schemas)
    canaries = {id(group): _canary(group, wish.canary) for group in due}
    in_order = sorted(due, key=lambda group: canaries[id(group)].slug != wish.canary)
    noted = len(result.outcomes)
    try:
        for outcome in progress.steps(_outcomes(in_order, canaries, wish, result), _count(due)):
            result.outcomes.append(outcome)
            if len(result.outcomes) - noted >= NOTED_TOGETHER:
                noting.what_came_of(result.outcomes[noted:])
                noted = len(result.outcomes)
    finally:
        noting.what_came_of(result.outcomes[noted:])
        wait_for_the_disk({each.schema.database for each in result.outcomes})


def _outcomes(
    due: Sequence[Group], canaries: dict[int, Schema], wish: Wish, result: Result
) -> Iterator[Outcome]:
    """The canaries of all groups, one after the other; then everybody whose canary lives."""
    for group in due:
        canary = canaries[id(group)]
        outcome = apply(canary, group.plan.steps(), group.plan.taken_as_done, wish.patience)
        yield outcome
        if outcome.error:
            result.left_out[canary] = len(group.schemas) - 1
            if canary.slug == wish.canary:
                result.left_out[canary] = _count(due) - 1
                return
    for group in due:
        rest = [each for each in group.schemas if each != canaries[id(group)]]
        if canaries[id(group)] not in result.left_out:
            yield from _in_parallel(group.plan, rest, wish)


def _in_parallel(plan: Plan, schemas: Sequence[Schema], wish: Wish) -> Iterator[Outcome]:
    """In no certain order. Who stops listening waits only for what is in hand."""
    if not schemas:
        return
    waiting, done = deque(schemas), SimpleQueue[Outcome | None]()
    workers = min(max(1, wish.workers), len(schemas))

    def work() -> None:
        try:
            steps = plan.steps()
            while waiting:
                done.put(apply(waiting.popleft(), steps, plan.taken_as_done, wish.patience))
        except IndexError:
            pass  # another took the last one
        finally:
            connections.close_all()
            done.put(None)

    with ThreadPoolExecutor(workers, thread_name_prefix="migrating") as pool:
        threads = [pool.submit(work) for _ in range(workers)]
        try:
            yield from _until_all_have_ended(done, workers)
        finally:
            waiting.clear()
    for each in threads:
        each.result()


def _until_all_have_ended(done: SimpleQueue[Outcome | None], workers: int) -> Iterator[Outcome]:
    while workers:
        outcome = done.get()
        if outcome is None:
            workers -= 1
        else:
            yield outcome


def _canary(group: Group, named: str) -> Schema:
    """The named tenant, else a tenant, else a spare."""
    return min(group.schemas, key=lambda each: (not named or each.slug != named, each.kind is Kind.SPARE))


def _templates_must_be_there(schemas: Sequence[Schema]) -> None:
    for each in schemas:
        if each.kind is Kind.TEMPLATE and each.found is None:
            raise TemplateLacksMigrations(database=each.database, migrations="everything")


def _templates_must_be_ready(due: Sequence[Group]) -> None:
    for group in due:
        for each in group.schemas:
            if each.kind is Kind.TEMPLATE:
                raise TemplateLacksMigrations(
                    database=each.database, migrations=", ".join(group.plan.labels) or "its latest names"
                )


def _theirs(schemas: Sequence[Schema]) -> list[Schema]:
    return [each for each in schemas if each.kind in THEIRS]


def _is_not_noted(schema: Schema) -> bool:
    return schema.kind in THEIRS and schema.noted != schema.found


def _not_there(schema: Schema) -> Outcome:
    why = (
        f"there is no schema {schema.name} in the database {schema.database}"
        if schema.database in databases.having("owner")
        else f"DATABASE_OWNER_SHARDS does not name {schema.database}"
    )
    return Outcome(schema, error=why)


def _count(due: Sequence[Group]) -> int:
    return sum(len(group.schemas) for group in due)
