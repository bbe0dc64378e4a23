"""All schemas, and a fingerprint of the migrations that each has, by one query for hundreds of schemas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import connections

from apps.kernel.db import databases
from apps.kernel.tenant import HOME, PUBLIC_SCHEMA, TenantInfo, activate, at_database
from apps.tenancy import fingerprint
from apps.tenancy.models import Spare, Tenant
from apps.tenancy.provisioning import TEMPLATE


class Kind(StrEnum):
    PLATFORM = "platform"
    TEMPLATE = "template"
    SPARE = "spare"
    TENANT = "tenant"


MIGRATED_KINDS = frozenset({Kind.TENANT, Kind.SPARE})
"""Migrated from the blueprint; Django migrates the other kinds."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema to be migrated.

    id                    of the tenant, or of the future tenant of a spare
    recorded_fingerprint  stored in the directory; written last, so it proves that nothing is left to do
    fingerprint           computed from the schema; None if it does not exist
    """

    name: str
    kind: Kind
    database: str = HOME
    id: int = 0
    slug: str = ""
    role: str = ""
    recorded_fingerprint: str = ""
    fingerprint: str | None = None

    def __str__(self) -> str:
        return self.slug or self.name

    @property
    def info(self) -> TenantInfo | None:
        if self.kind is Kind.PLATFORM:
            return None
        return TenantInfo(
            id=self.id,
            slug=self.slug or self.name,
            name=self.slug or self.name,
            schema=self.name,
            state="",
            role=self.role,
            database=self.database,
        )

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Activate it and yield the owner's connection."""
        with at_database(self.database), activate(self.info):
            yield connections["owner"]


def discover(only: Sequence[str] = ()) -> list[Schema]:
    """All schemas of the databases to which this process can connect as owner, or the named tenants alone. Tenants in
    other databases are included without a fingerprint."""
    schemas = [tenant for tenant in _tenants() if not only or tenant.slug in only]
    for key in databases.having("owner"):
        if not only:
            schemas += [Schema(PUBLIC_SCHEMA, Kind.PLATFORM, key), *_spares(key)]
        schemas.append(Schema(TEMPLATE.schema, Kind.TEMPLATE, key))
    keys = {schema.database for schema in schemas}
    return [schema for key in keys for schema in _with_fingerprints(key, schemas)]


def _tenants() -> list[Schema]:
    """Reads only the needed columns, since the platform may not be migrated yet."""
    columns = ("schema_name", "database", "id", "slug", "role_name", "fingerprint")
    if not _table_exists(HOME, Tenant._meta.db_table):
        return []
    rows = Tenant.objects.using(databases.at("owner", HOME)).order_by("id").values_list(*columns)
    return [
        Schema(name, Kind.TENANT, database, number, slug, role, recorded_fingerprint)
        for name, database, number, slug, role, recorded_fingerprint in rows
    ]


def _spares(key: str) -> list[Schema]:
    if not _table_exists(key, Spare._meta.db_table):
        return []
    rows = Spare.objects.using(databases.at("owner", key)).order_by("id")
    return [
        Schema(
            row.schema_name, Kind.SPARE, key, row.pk, role=row.role_name, recorded_fingerprint=row.fingerprint
        )
        for row in rows
    ]


def _table_exists(key: str, table: str) -> bool:
    with connections[databases.at("owner", key)].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"])
        return bool(cursor.fetchone()[0])


def _with_fingerprints(key: str, schemas: Sequence[Schema]) -> Iterator[Schema]:
    here = [schema for schema in schemas if schema.database == key]
    fingerprints = _fingerprints(key, here) if key in databases.having("owner") else {}
    for schema in here:
        yield replace(schema, fingerprint=fingerprints.get(schema.name))


def _fingerprints(key: str, schemas: Sequence[Schema]) -> dict[str, str]:
    with connections[databases.at("owner", key)].cursor() as cursor:
        return fingerprint.of_schemas(cursor, [schema.name for schema in schemas])
