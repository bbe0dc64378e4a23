"""Migrates all schemas that lack migrations: first a canary, then the others in parallel."""

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

from apps.kernel import progress
from apps.kernel.db import databases
from apps.kernel.db.locks import Lock
from apps.kernel.errors import Refusal, SeveralRefusals
from apps.kernel.tenant import HOME

from . import state
from .discovery import Kind, Schema, discover
from .errors import (
    MigrationInProgress,
    OwnerNotConfigured,
    SchemaNotMigrated,
    SchemasNotTried,
    TemplateLacksMigrations,
    TenantsUnknown,
)
from .executor import LockPolicy, apply, wait_for_wal_flush
from .outcome import Outcome
from .planning import Plan

MIGRATIONS = Lock("migrations")
WORKERS = min(4, os.cpu_count() or 1)
MAX_PASSES = 3
"""A later pass finds tenants that were set up meanwhile from an older blueprint."""

STATE_BATCH_SIZE = 25
"""Schemas. After a killed run, the next run checks the unrecorded ones again, which costs little."""

MIGRATED_KINDS = frozenset({Kind.TENANT, Kind.SPARE})


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """only     short names of tenants, instead of all tenants and spares
    canary   short name of the tenant that is migrated first; by default the first tenant
    workers  schemas migrated in parallel
    """

    only: Sequence[str] = ()
    canary: str = ""
    workers: int = WORKERS
    lock_policy: LockPolicy = field(default_factory=LockPolicy)

    def is_canary(self, schema: Schema) -> bool:
        return bool(self.canary) and schema.slug == self.canary


@dataclass(frozen=True, slots=True)
class Group:
    """Schemas that have, and so lack, the same migrations."""

    plan: Plan
    schemas: tuple[Schema, ...]


@dataclass(slots=True)
class Result:
    """up_to_date  number of schemas that lacked nothing
    not_tried   the skipped schemas, by the canary that failed
    """

    up_to_date: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    not_tried: dict[Schema, list[Schema]] = field(default_factory=dict)

    @property
    def migrated(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.fingerprint]

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.error]

    @property
    def settled(self) -> set[tuple[str, str]]:
        """Name and database of the schemas that this run has finished. A schema that was gone may be in another
        database now."""
        tried = [outcome.schema for outcome in (*self.migrated, *self.failed)]
        return {(schema.name, schema.database) for schema in [*tried, *chain(*self.not_tried.values())]}


def groups(schemas: Sequence[Schema]) -> list[Group]:
    """Group the schemas by fingerprint, each group with its plan. Up-to-date schemas are in no group."""
    by_fingerprint: dict[str, list[Schema]] = defaultdict(list)
    for schema in schemas:
        if schema.fingerprint is not None:
            by_fingerprint[schema.fingerprint].append(schema)
    planned = [Group(Plan(members[0]), tuple(members)) for members in by_fingerprint.values()]
    return [
        Group(group.plan, tuple(lacking))
        for group in planned
        if (lacking := [schema for schema in group.schemas if group.plan or _is_fingerprint_outdated(schema)])
    ]


def migrate_tenants(options: MigrationOptions = MigrationOptions()) -> Result:
    """Migrate the tenants and the spares. A failure is in the result and does not stop the other schemas. Raises
    OwnerNotConfigured, MigrationInProgress, TenantsUnknown and TemplateLacksMigrations."""
    with migration_lock():
        schemas = _migrated_schemas_and_templates(options)
        _templates_must_exist(schemas)
        result = Result()
        for _ in range(MAX_PASSES):
            settled = result.settled
            due = groups([schema for schema in schemas if (schema.name, schema.database) not in settled])
            _templates_must_be_current(due)
            if not due:
                break
            _migrate(due, options, result)
            schemas = _migrated_schemas_and_templates(options)
        untouched = [schema for schema in schemas if (schema.name, schema.database) not in result.settled]
        result.outcomes += [_missing_outcome(schema) for schema in untouched if schema.fingerprint is None]
        result.up_to_date = sum(
            schema.kind in MIGRATED_KINDS and schema.fingerprint is not None for schema in untouched
        )
        if not options.only:
            state.delete_except(schema.name for schema in schemas)
    return result


def selected_schemas(options: MigrationOptions) -> list[Schema]:
    """Raises OwnerNotConfigured and TenantsUnknown."""
    if "owner" not in connections.settings:
        raise OwnerNotConfigured
    schemas = discover(options.only)
    known = {schema.slug for schema in schemas}
    if unknown := [slug for slug in (*options.only, options.canary) if slug and slug not in known]:
        raise TenantsUnknown(slugs=", ".join(unknown))
    return schemas


def must_have_succeeded(result: Result) -> None:
    """Raises SeveralRefusals with all failures."""
    refusals: list[Refusal] = [
        SchemaNotMigrated(schema=outcome.schema, migration=outcome.at or "the end", error=outcome.error)
        for outcome in result.failed
    ]
    refusals += [
        SchemasNotTried(count=len(rest), canary=canary) for canary, rest in result.not_tried.items() if rest
    ]
    if refusals:
        raise SeveralRefusals(refusals)


@contextmanager
def migration_lock() -> Iterator[None]:
    """Raises MigrationInProgress. The database releases the lock when the connection ends."""
    if "owner" not in connections.settings:
        raise OwnerNotConfigured
    lock = MIGRATIONS.key()
    with _owner() as cursor:
        if not lock.try_hold_in_session(cursor):
            raise MigrationInProgress
    try:
        yield
    finally:
        with _owner() as cursor:
            lock.release(cursor)


def _owner() -> AbstractContextManager[Any]:
    """The owner's connection, which never goes through a pooler."""
    return connections[databases.at("owner", HOME)].cursor()


def _migrate(due: Sequence[Group], options: MigrationOptions, result: Result) -> None:
    state.mark_waiting(schema for group in due for schema in group.schemas)
    in_order = sorted(due, key=lambda group: not any(map(options.is_canary, group.schemas)))
    recorded = len(result.outcomes)
    try:
        for outcome in progress.steps(_outcomes(in_order, options, result), _count(due)):
            result.outcomes.append(outcome)
            if len(result.outcomes) - recorded >= STATE_BATCH_SIZE:
                state.record_outcomes(result.outcomes[recorded:])
                recorded = len(result.outcomes)
    finally:
        state.record_outcomes(result.outcomes[recorded:])
        wait_for_wal_flush({outcome.schema.database for outcome in result.outcomes})


def _outcomes(due: Sequence[Group], options: MigrationOptions, result: Result) -> Iterator[Outcome]:
    """First the canary of each group, one after the other; then the other schemas of the groups whose canary
    succeeded."""
    waiting = []
    for group in due:
        canary = min(
            group.schemas, key=lambda schema: (not options.is_canary(schema), schema.kind is Kind.SPARE)
        )
        outcome = apply(canary, group.plan.steps(), group.plan.recorded_only, options.lock_policy)
        yield outcome
        rest = [schema for schema in group.schemas if schema != canary]
        if outcome.fingerprint:
            waiting.append((group.plan, rest))
        elif outcome.error and options.is_canary(canary):
            result.not_tried[canary] = [
                schema for group in due for schema in group.schemas if schema != canary
            ]
            return
        elif outcome.error:
            result.not_tried[canary] = rest
    for plan, rest in waiting:
        yield from _in_parallel(plan, rest, options)


def _in_parallel(plan: Plan, schemas: Sequence[Schema], options: MigrationOptions) -> Iterator[Outcome]:
    """In no particular order. Closing the iterator waits only for the schemas in progress."""
    if not schemas:
        return
    waiting, done = deque(schemas), SimpleQueue[Outcome | None]()
    workers = min(max(1, options.workers), len(schemas))

    def work() -> None:
        try:
            steps = plan.steps()
            while schema := _next_of(waiting):
                done.put(apply(schema, steps, plan.recorded_only, options.lock_policy))
        finally:
            connections.close_all()
            done.put(None)

    with ThreadPoolExecutor(workers, thread_name_prefix="migrating") as pool:
        threads = [pool.submit(work) for _ in range(workers)]
        try:
            yield from _drain(done, workers)
        finally:
            waiting.clear()
    for thread in threads:
        thread.result()


def _next_of(waiting: deque[Schema]) -> Schema | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _drain(done: SimpleQueue[Outcome | None], workers: int) -> Iterator[Outcome]:
    while workers:
        outcome = done.get()
        if outcome is None:
            workers -= 1
        else:
            yield outcome


def _migrated_schemas_and_templates(options: MigrationOptions) -> list[Schema]:
    return [schema for schema in selected_schemas(options) if schema.kind is not Kind.PLATFORM]


def _templates_must_exist(schemas: Sequence[Schema]) -> None:
    for schema in schemas:
        if schema.kind is Kind.TEMPLATE and schema.fingerprint is None:
            raise TemplateLacksMigrations(database=schema.database, migrations="everything")


def _templates_must_be_current(due: Sequence[Group]) -> None:
    for group in due:
        for schema in group.schemas:
            if schema.kind is Kind.TEMPLATE:
                raise TemplateLacksMigrations(
                    database=schema.database, migrations=", ".join(group.plan.labels) or "its latest names"
                )


def _is_fingerprint_outdated(schema: Schema) -> bool:
    return schema.kind in MIGRATED_KINDS and schema.recorded_fingerprint != schema.fingerprint


def _missing_outcome(schema: Schema) -> Outcome:
    error = (
        f"there is no schema {schema.name} in the database {schema.database}"
        if schema.database in databases.having("owner")
        else f"DATABASE_OWNER_SHARDS does not name {schema.database}"
    )
    return Outcome(schema, error=error)


def _count(due: Sequence[Group]) -> int:
    return sum(len(group.schemas) for group in due)
