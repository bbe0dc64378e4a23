"""What is known of how each schema's migrations went: at home, for the schemas of all databases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.tenant import HOME
from apps.tenancy.models import SchemaMigration, Spare, Tenant

from .outcome import Outcome
from .surveying import Kind, Schema

State = SchemaMigration.State
BY_OWNER = databases.at("owner", HOME)


def waiting(schemas: Iterable[Schema]) -> None:
    """They are due. How far an earlier run came in a migration that is not atomic stays known."""
    rows = [
        SchemaMigration(schema_name=schema.name, state=State.WAITING, error="", at=now())
        for schema in schemas
    ]
    _write(rows, "state", "error", "at")


def under_way(schema: Schema, migration: str, acts_done: int) -> None:
    row = SchemaMigration(
        schema_name=schema.name, state=State.WAITING, migration=migration, acts_done=acts_done, at=now()
    )
    _write([row], "state", "migration", "acts_done", "at")


def what_came_of(known: Sequence[Outcome]) -> None:
    """The last thing that is written: a schema of which it is not known that it has everything is looked at again."""
    for fingerprint in {each.fingerprint for each in known} - {""}:
        _now_have(fingerprint, [each.schema for each in known if each.fingerprint == fingerprint])
    rows = [
        SchemaMigration(
            schema_name=each.schema.name,
            state=State.FAILED if each.error else State.DONE,
            migration=each.at,
            acts_done=each.acts_done,
            error=each.error,
            at=now(),
        )
        for each in known
        if each.error or (each.fingerprint and each.schema.kind is Kind.TENANT)
    ]
    _write(rows, "state", "migration", "acts_done", "error", "at")
    ready = [each.schema.name for each in known if each.schema.kind is Kind.SPARE and not each.error]
    _rows().filter(schema_name__in=ready).delete()


def _now_have(fingerprint: str, schemas: Sequence[Schema]) -> None:
    tenants = [schema.id for schema in schemas if schema.kind is Kind.TENANT]
    Tenant.objects.using(BY_OWNER).filter(pk__in=tenants).update(fingerprint=fingerprint)
    for key in {schema.database for schema in schemas}:
        spares = [schema.id for schema in schemas if schema.kind is Kind.SPARE and schema.database == key]
        Spare.objects.using(databases.at("owner", key)).filter(pk__in=spares).update(fingerprint=fingerprint)


def acts_done(schema: Schema, migration: str) -> int:
    row = _rows().filter(schema_name=schema.name, migration=migration).first()
    return row.acts_done if row else 0


def forget_all_but(names: Iterable[str]) -> None:
    """Tenants that were erased, and spares that have become tenants."""
    _rows().exclude(schema_name__in=list(names)).delete()


def _rows() -> Any:
    return SchemaMigration.objects.using(BY_OWNER)


def _write(rows: list[SchemaMigration], *fields: str) -> None:
    _rows().bulk_create(rows, update_conflicts=True, unique_fields=["schema_name"], update_fields=fields)
