"""What is known of how each schema's migrations went: at home, for the schemas of all databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.tenant import HOME
from apps.tenancy.models import SchemaMigration, Spare, Tenant

from .surveying import Kind, Schema

State = SchemaMigration.State
BY_OWNER = databases.at("owner", HOME)


def waiting(schemas: Iterable[Schema]) -> None:
    """They are due. How far an earlier run came in a migration that is not atomic stays known."""
    rows = [
        SchemaMigration(schema_name=each.name, state=State.WAITING, error="", at=now()) for each in schemas
    ]
    _write(rows, "state", "error", "at")


def under_way(schema: Schema, migration: str, acts_done: int) -> None:
    row = SchemaMigration(
        schema_name=schema.name, state=State.WAITING, migration=migration, acts_done=acts_done, at=now()
    )
    _write([row], "state", "migration", "acts_done", "at")


def done(schema: Schema, fingerprint: str, migration: str) -> None:
    """The last thing that is written: a schema of which this is not known is looked at again."""
    row = SchemaMigration(schema_name=schema.name, state=State.DONE, migration=migration, at=now())
    match schema.kind:
        case Kind.TENANT:
            Tenant.objects.using(BY_OWNER).filter(pk=schema.id).update(fingerprint=fingerprint)
            _write([row], "state", "migration", "acts_done", "error", "at")
        case Kind.SPARE:
            there = databases.at("owner", schema.database)
            Spare.objects.using(there).filter(pk=schema.id).update(fingerprint=fingerprint)
            forget([schema.name])


def failed(schema: Schema, migration: str, acts_done: int, error: str) -> None:
    row = SchemaMigration(
        schema_name=schema.name,
        state=State.FAILED,
        migration=migration,
        acts_done=acts_done,
        error=error,
        at=now(),
    )
    _write([row], "state", "migration", "acts_done", "error", "at")


def acts_done(schema: Schema, migration: str) -> int:
    row = _rows().filter(schema_name=schema.name, migration=migration).first()
    return row.acts_done if row else 0


def forget(names: Iterable[str]) -> None:
    _rows().filter(schema_name__in=list(names)).delete()


def forget_all_but(names: Iterable[str]) -> None:
    """Tenants that were erased, and spares that have become tenants."""
    _rows().exclude(schema_name__in=list(names)).delete()


def _rows() -> Any:
    return SchemaMigration.objects.using(BY_OWNER)


def _write(rows: list[SchemaMigration], *fields: str) -> None:
    _rows().bulk_create(rows, update_conflicts=True, unique_fields=["schema_name"], update_fields=fields)
