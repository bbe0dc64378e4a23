"""Stores the outcome of each schema's migrations, in the home database for the schemas of all databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME
from apps.tenancy.models import SchemaMigration, Spare, Tenant

from .discovery import Kind, Schema
from .outcome import Outcome

State = SchemaMigration.State
BY_OWNER = databases.at("owner", HOME)


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


def record_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Written last: the next run checks every schema without a recorded outcome again."""
    for fingerprint in {outcome.fingerprint for outcome in outcomes} - {""}:
        _record_fingerprint(
            fingerprint, [outcome.schema for outcome in outcomes if outcome.fingerprint == fingerprint]
        )
    rows = [
        SchemaMigration(
            schema_name=outcome.schema.name,
            state=State.FAILED if outcome.error else State.DONE,
            migration=outcome.at,
            operation_count=outcome.operation_count,
            error=outcome.error,
            at=now(),
        )
        for outcome in outcomes
        if outcome.error or (outcome.fingerprint and outcome.schema.kind is Kind.TENANT)
    ]
    _write(rows, "state", "migration", "operation_count", "error", "at")
    ready = [
        outcome.schema.name for outcome in outcomes if outcome.schema.kind is Kind.SPARE and not outcome.error
    ]
    _rows().filter(schema_name__in=ready).delete()


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
