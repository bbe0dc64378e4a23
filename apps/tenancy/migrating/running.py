"""All schemas that lack something: first one, then the rest, some at a time."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from queue import SimpleQueue
from typing import Any

from django.db import connections

from apps.kernel import databases, progress
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.kernel.locks import Lock
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

MIGRATIONS = Lock("migrations")
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

    def names(self, schema: Schema) -> bool:
        """As the one that goes first."""
        return bool(self.canary) and schema.slug == self.canary


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
    left_out: dict[Schema, list[Schema]] = field(default_factory=dict)

    @property
    def migrated(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.fingerprint]

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.error]

    @property
    def settled(self) -> set[tuple[str, str]]:
        """The schemas that this run has done with, and where. One that was gone may be elsewhere by now."""
        tried = [each.schema for each in (*self.migrated, *self.failed)]
        return {(each.name, each.database) for each in [*tried, *chain(*self.left_out.values())]}


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
        if (lacking := [schema for schema in group.schemas if group.plan or _is_not_noted(schema)])
    ]


def migrate_tenants(wish: Wish = Wish()) -> Result:
    """Bring the tenants and the spares to the code's migrations. What fails is in the result, and the others are
    migrated all the same. Raises OwnerIsNotHere, MigratedByAnother, TenantsAreUnknown and TemplateLacksMigrations."""
    with migration_lock():
        schemas = _theirs_and_the_templates(wish)
        _templates_must_be_there(schemas)
        result = Result()
        for _ in range(ROUNDS):
            settled = result.settled
            due = groups([schema for schema in schemas if (schema.name, schema.database) not in settled])
            _templates_must_be_ready(due)
            if not due:
                break
            _migrate(due, wish, result)
            schemas = _theirs_and_the_templates(wish)
        untouched = [schema for schema in schemas if (schema.name, schema.database) not in result.settled]
        result.outcomes += [_not_there(each) for each in untouched if each.found is None]
        result.standing = sum(each.kind in THEIRS and each.found is not None for each in untouched)
        if not wish.only:
            noting.forget_all_but(schema.name for schema in schemas)
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
        SchemasLeftOut(count=len(rest), canary=canary) for canary, rest in result.left_out.items() if rest
    ]
    if refusals:
        raise SeveralRefusals(refusals)


@contextmanager
def migration_lock() -> Iterator[None]:
    """Raises MigratedByAnother. The lock ends with the connection, whatever ends that."""
    if "owner" not in connections.settings:
        raise OwnerIsNotHere
    lock = MIGRATIONS.key()
    with _owner() as cursor:
        if not lock.try_hold_in_session(cursor):
            raise MigratedByAnother
    try:
        yield
    finally:
        with _owner() as cursor:
            lock.release(cursor)


def _owner() -> AbstractContextManager[Any]:
    """The owner's connection, which never goes through a pooler."""
    return connections[databases.at("owner", HOME)].cursor()


def _migrate(due: Sequence[Group], wish: Wish, result: Result) -> None:
    noting.waiting(schema for group in due for schema in group.schemas)
    in_order = sorted(due, key=lambda group: not any(map(wish.names, group.schemas)))
    noted = len(result.outcomes)
    try:
        for outcome in progress.steps(_outcomes(in_order, wish, result), _count(due)):
            result.outcomes.append(outcome)
            if len(result.outcomes) - noted >= NOTED_TOGETHER:
                noting.what_came_of(result.outcomes[noted:])
                noted = len(result.outcomes)
    finally:
        noting.what_came_of(result.outcomes[noted:])
        wait_for_the_disk({outcome.schema.database for outcome in result.outcomes})


def _outcomes(due: Sequence[Group], wish: Wish, result: Result) -> Iterator[Outcome]:
    """The canaries of all groups, one after the other; then everybody whose canary lives."""
    waiting = []
    for group in due:
        canary = min(group.schemas, key=lambda each: (not wish.names(each), each.kind is Kind.SPARE))
        outcome = apply(canary, group.plan.steps(), group.plan.taken_as_done, wish.patience)
        yield outcome
        rest = [schema for schema in group.schemas if schema != canary]
        if outcome.fingerprint:
            waiting.append((group.plan, rest))
        elif outcome.error and wish.names(canary):
            result.left_out[canary] = [
                schema for group in due for schema in group.schemas if schema != canary
            ]
            return
        elif outcome.error:
            result.left_out[canary] = rest
    for plan, rest in waiting:
        yield from _in_parallel(plan, rest, wish)


def _in_parallel(plan: Plan, schemas: Sequence[Schema], wish: Wish) -> Iterator[Outcome]:
    """In no certain order. Who stops listening waits only for what is in hand."""
    if not schemas:
        return
    waiting, done = deque(schemas), SimpleQueue[Outcome | None]()
    workers = min(max(1, wish.workers), len(schemas))

    def work() -> None:
        try:
            steps = plan.steps()
            while schema := _taken_from(waiting):
                done.put(apply(schema, steps, plan.taken_as_done, wish.patience))
        finally:
            connections.close_all()
            done.put(None)

    with ThreadPoolExecutor(workers, thread_name_prefix="migrating") as pool:
        threads = [pool.submit(work) for _ in range(workers)]
        try:
            yield from _until_all_have_ended(done, workers)
        finally:
            waiting.clear()
    for thread in threads:
        thread.result()


def _taken_from(waiting: deque[Schema]) -> Schema | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _until_all_have_ended(done: SimpleQueue[Outcome | None], workers: int) -> Iterator[Outcome]:
    while workers:
        outcome = done.get()
        if outcome is None:
            workers -= 1
        else:
            yield outcome


def _theirs_and_the_templates(wish: Wish) -> list[Schema]:
    return [each for each in asked_for(wish) if each.kind is not Kind.PLATFORM]


def _templates_must_be_there(schemas: Sequence[Schema]) -> None:
    for schema in schemas:
        if schema.kind is Kind.TEMPLATE and schema.found is None:
            raise TemplateLacksMigrations(database=schema.database, migrations="everything")


def _templates_must_be_ready(due: Sequence[Group]) -> None:
    for group in due:
        for schema in group.schemas:
            if schema.kind is Kind.TEMPLATE:
                raise TemplateLacksMigrations(
                    database=schema.database, migrations=", ".join(group.plan.labels) or "its latest names"
                )


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
