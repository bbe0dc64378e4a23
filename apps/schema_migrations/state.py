"""Stores the outcome of each schema's migrations, in the home database for the schemas of all databases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME
from apps.tenancy.models import SchemaMigration, Spare, Tenant

from .discovery import Kind, Schema
from .outcome import Outcome, Status

State = SchemaMigration.State
BY_OWNER = databases.at("owner", HOME)

BATCH_SIZE = 25
"""Schemas. After a killed run, the next run checks the unrecorded ones again, which costs little."""


def mark_waiting(schemas: Iterable[Schema]) -> None:
    """Mark the schemas as due. The progress of an earlier run in a non-atomic migration is retained."""
    rows = [
        SchemaMigration(schema_name=schema.name, state=State.WAITING, error="", at=now())
        for schema in schemas
    ]
    _write(rows, "state", "error", "at")


def mark_progress(schema: Schema, migration: str, operation_count: int) -> None:
    row = SchemaMigration(
        schema_name=schema.name,
        state=State.WAITING,
        migration=migration,
        operation_count=operation_count,
        at=now(),
    )
    _write([row], "state", "migration", "operation_count", "at")


@contextmanager
def in_batches() -> Iterator[Callable[[Outcome], None]]:
    """Yields a function that records an outcome with the next batch; the last batch at the end of the block."""
    pending: list[Outcome] = []

    def record(outcome: Outcome) -> None:
        pending.append(outcome)
        if len(pending) >= BATCH_SIZE:
            record_outcomes(pending)
            pending.clear()

    try:
        yield record
    finally:
        record_outcomes(pending)


def record_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Written last: the next run checks every schema without a recorded outcome again. A spare has no
    row, unless it failed."""
    by_fingerprint: dict[str, list[Schema]] = defaultdict(list)
    for outcome in outcomes:
        by_fingerprint[outcome.fingerprint].append(outcome.schema)
    for fingerprint in by_fingerprint.keys() - {""}:
        _record_fingerprint(fingerprint, by_fingerprint[fingerprint])
    rows = [_row_of(outcome) for outcome in outcomes if _has_row(outcome)]
    _write(rows, "state", "migration", "operation_count", "error", "at")
    ready = [
        outcome.schema.name for outcome in outcomes if outcome.schema.kind is Kind.SPARE and not outcome.error
    ]
    _rows().filter(schema_name__in=ready).delete()


def _has_row(outcome: Outcome) -> bool:
    is_migrated_tenant = outcome.status is Status.MIGRATED and outcome.schema.kind is Kind.TENANT
    return outcome.status is Status.FAILED or is_migrated_tenant


def _row_of(outcome: Outcome) -> SchemaMigration:
    return SchemaMigration(
        schema_name=outcome.schema.name,
        state=State.FAILED if outcome.error else State.DONE,
        migration=outcome.at,
        operation_count=outcome.operation_count,
        error=outcome.error,
        at=now(),
    )


def _record_fingerprint(fingerprint: str, schemas: Sequence[Schema]) -> None:
    tenants = [schema.id for schema in schemas if schema.kind is Kind.TENANT]
    Tenant.objects.using(BY_OWNER).filter(pk__in=tenants).update(fingerprint=fingerprint)
    for key in {schema.database for schema in schemas}:
        spares = [schema.id for schema in schemas if schema.kind is Kind.SPARE and schema.database == key]
        Spare.objects.using(databases.at("owner", key)).filter(pk__in=spares).update(fingerprint=fingerprint)


def operation_count(schema: Schema, migration: str) -> int:
    row = _rows().filter(schema_name=schema.name, migration=migration).first()
    return row.operation_count if row else 0


def delete_except(names: Iterable[str]) -> None:
    """Delete the rows of erased tenants, and of spares that have become tenants."""
    _rows().exclude(schema_name__in=list(names)).delete()


def _rows() -> Any:
    return SchemaMigration.objects.using(BY_OWNER)


def _write(rows: list[SchemaMigration], *fields: str) -> None:
    _rows().bulk_create(rows, update_conflicts=True, unique_fields=["schema_name"], update_fields=fields)
