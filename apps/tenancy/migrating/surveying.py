"""Which schemas there are, and which migrations each of them has: one statement for hundreds of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connections
from psycopg import sql

from apps.kernel import databases
from apps.kernel.tenant import HOME, PUBLIC_SCHEMA, TenantInfo, activate, at_database
from apps.tenancy.models import Spare, Tenant
from apps.tenancy.provisioning import FINGERPRINT, TEMPLATE

AT_ONCE = 250
"""Schemas in one statement."""


class Kind(StrEnum):
    PLATFORM = "platform"
    TEMPLATE = "template"
    SPARE = "spare"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Schema:
    """What migrations are for.

    id     the tenant's, or the one that the spare's tenant will have
    noted  the fingerprint as the directory has it; it is written last, so it says that nothing is left to do
    found  the fingerprint that it has; None where there is no such schema
    """

    name: str
    kind: Kind
    database: str = HOME
    id: int = 0
    slug: str = ""
    role: str = ""
    noted: str = ""
    found: str | None = None

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
        """Work in it as the owner; yields the connection."""
        with at_database(self.database), activate(self.info):
            yield connections["owner"]


def survey(only: Sequence[str] = ()) -> list[Schema]:
    """Every schema of the databases whose owner this process can be, with what it has; or the named tenants alone.
    Tenants elsewhere are among them too, and are not found."""
    listed = [tenant for tenant in _tenants() if not only or tenant.slug in only]
    for key in databases.having("owner"):
        if not only:
            listed += [Schema(PUBLIC_SCHEMA, Kind.PLATFORM, key), *_spares(key)]
        listed.append(Schema(TEMPLATE.schema, Kind.TEMPLATE, key))
    return [each for key in {each.database for each in listed} for each in _with_findings(key, listed)]


def fingerprint(connection: Any) -> str:
    """Of the schema in which the connection works."""
    with connection.cursor() as cursor:
        cursor.execute(f"{FINGERPRINT} FROM django_migrations")
        found: str = cursor.fetchone()[0]
    return found


def _tenants() -> list[Schema]:
    """Asked of the columns that are needed and no others, since the platform may not be migrated yet."""
    columns = ("schema_name", "database", "id", "slug", "role_name", "fingerprint")
    if not _is_there(HOME, Tenant._meta.db_table):
        return []
    rows = Tenant.objects.using(databases.at("owner", HOME)).order_by("id").values_list(*columns)
    return [
        Schema(name, Kind.TENANT, database, number, slug, role, noted)
        for name, database, number, slug, role, noted in rows
    ]


def _spares(key: str) -> list[Schema]:
    if not _is_there(key, Spare._meta.db_table):
        return []
    rows = Spare.objects.using(databases.at("owner", key)).order_by("id")
    return [
        Schema(row.schema_name, Kind.SPARE, key, row.pk, role=row.role_name, noted=row.fingerprint)
        for row in rows
    ]


def _is_there(key: str, table: str) -> bool:
    with connections[databases.at("owner", key)].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"])
        return bool(cursor.fetchone()[0])


def _with_findings(key: str, listed: Sequence[Schema]) -> Iterator[Schema]:
    here = [each for each in listed if each.database == key]
    found = _found(key, [each.name for each in here]) if key in databases.having("owner") else {}
    for each in here:
        yield Schema(
            each.name, each.kind, key, each.id, each.slug, each.role, each.noted, found.get(each.name)
        )


def _found(key: str, names: Sequence[str]) -> dict[str, str]:
    with connections[databases.at("owner", key)].cursor() as cursor:
        cursor.execute(_MIGRATED_ONES, [list(names)])
        there = [name for (name,) in cursor.fetchall()]
        found: dict[str, str] = {}
        for first in range(0, len(there), AT_ONCE):
            cursor.execute(_of_all(there[first : first + AT_ONCE]))
            found.update(cursor.fetchall())
    return found


_MIGRATED_ONES = """
SELECT nspname::text FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
WHERE relname = 'django_migrations' AND nspname = ANY(%s)
"""


def _of_all(names: Sequence[str]) -> sql.Composed:
    one = sql.SQL(f"SELECT {{}}, coalesce(({FINGERPRINT} FROM {{}}.django_migrations), '')")  # noqa: S608
    return sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in names)
