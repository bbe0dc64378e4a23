"""Schemas: made from migrations by the owner, from the blueprint in advance, and claimed by a new tenant.

The owner migrates the schema `bursar_template` and keeps its dump as the blueprint. A spare is the blueprint replayed
under another name, with a role of its own; a new tenant claims one by renaming it, which takes a millisecond. The
runtime owns nothing: it does both through functions of the owner's, and can make exactly this (decision C27).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from psycopg import sql

from apps.kernel import databases, rls
from apps.kernel.locks import Lock
from apps.kernel.tenant import HOME, PUBLIC_SCHEMA, TenantInfo, activate
from apps.kernel.transactions import advisory_lock

from . import numbering, rules
from .databases import lodgers
from .databases.placing import Newcomer
from .databases.resolver import resolver
from .errors import SchemasAreCalledOtherwise
from .models import Tenant

SPARES = Lock("spares")
TEMPLATE = TenantInfo(
    id=0, slug="template", name="Template", schema="bursar_template", state="pending", database=""
)
"""Each database has its own. Its name stands nowhere else, since it is replaced as text."""

OWNERS_ALONE = "django_migrations, django_content_type, auth_permission"
"""What is written by migrations and numbering, and only read by the runtime."""

FINGERPRINT = """SELECT md5(string_agg(app || '.' || name, ',' ORDER BY app COLLATE "C", name COLLATE "C"))"""
"""Of the rows of a `django_migrations`; the same in every database, whatever its collation."""

Say = Callable[[str], None]


def migrate_platform(say: Say) -> None:
    """The public schema: the platform's own tables, and those that tenants share."""
    _own(PUBLIC_SCHEMA, "bursar_app")
    with activate(None):
        _migrate(say)
    with _as_owner() as cursor:
        cursor.execute(_KEEP_TO_THE_PLATFORM)
    name_schemas()


def name_schemas() -> None:
    """Have tenants' schemas called as is set, in this database. Raises SchemasAreCalledOtherwise when some are not."""
    prefix = settings.TENANT_SCHEMA_PREFIX
    others = Tenant.objects.using("control").exclude(schema_name__regex=f"^{prefix}[0-9]+$")
    if (other := others.values_list("schema_name", flat=True).first()) is not None:
        raise SchemasAreCalledOtherwise(prefix=prefix, schema=other)
    with _as_owner() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION public.tenancy_schema_prefix() RETURNS text LANGUAGE sql IMMUTABLE"
                " RETURN {}"
            ).format(sql.Literal(prefix))
        )


def migrate_template(say: Say) -> None:
    """The template, and the blueprint made from it."""
    with activate(TEMPLATE):
        _prepare_schema(TEMPLATE.schema)
        _migrate(say)
    with activate(TEMPLATE), _as_owner() as cursor:
        cursor.execute(f"{FINGERPRINT} FROM django_migrations")
        fingerprint: str = cursor.fetchone()[0]
    _keep_blueprint(_dump(TEMPLATE.schema), fingerprint)


def migrate_tenant(tenant: TenantInfo, say: Say) -> None:
    with activate(tenant):
        _migrate(say)


class Claimed(NamedTuple):
    """A schema that is a tenant's from now on: the tenant takes its number as its id."""

    id: int
    schema: str
    role: str
    fingerprint: str


def place(*, region: str = "", database: str = "") -> str:
    """The key of the database for a new tenant: the one that is named, or what the strategy says. Raises
    DatabaseUnknown and NoDatabaseHasRoom."""
    if database:
        rules.database_must_be_known(database)
        return database
    with connections["control"].cursor() as cursor:
        cursor.execute("SELECT last_value + 1 FROM tenancy_tenant_id_seq")
        (number,) = cursor.fetchone()
    return resolver().place(Newcomer(number, region))


def claim(at: str = HOME) -> Claimed:
    """A spare of that database, or, where none is left, one that is made now. Raises NoBlueprint through the bus.

    In another database than home it is claimed for good at once, also when the tenant's row is rolled back at home:
    `manage.py databases` shows what was left behind.
    """
    claimed = _claim(at)
    while claimed is None:
        make_spare(at)
        claimed = _claim(at)
    return claimed


def _claim(at: str) -> Claimed | None:
    with _runtime(at) as cursor:
        cursor.execute("SELECT * FROM tenancy_claim_spare(%s)", [settings.TENANT_SCHEMA_PREFIX])
        found = cursor.fetchone()
    return Claimed(*found) if found and found[0] else None


def make_spare(at: str = HOME) -> int:
    """One more spare. Returns the number that its tenant will have: home counts, for all databases."""
    with _runtime(HOME) as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_tenant', 'id'))")
        number: int = cursor.fetchone()[0]
    with _runtime(at) as cursor:
        cursor.execute("SELECT tenancy_make_spare(%s)", [number])
    return number


def refill(wanted: int, at: str = HOME) -> int:
    """Make spares of the present blueprint until there are as many as wanted, one after the other and each committed,
    so that nobody waits for it. Returns how many were made; none where another is at it."""
    made = 0
    with advisory_lock(SPARES.key()) as is_acquired:
        while is_acquired and spares(at) < wanted:
            make_spare(at)
            made += 1
    return made


def spares(at: str = HOME) -> int:
    """How many may be claimed there."""
    with _runtime(at) as cursor:
        cursor.execute("SELECT count(*) FROM tenancy_spare JOIN tenancy_blueprint USING (fingerprint)")
        count: int = cursor.fetchone()[0]
    return count


def drop(tenant: Tenant) -> None:
    """Drop the schema and the role of a tenant that could not be set up, or whose days are over, and its rows in the
    tables that all share; the database refuses any other."""
    lodgers.note(tenant)
    for at in {HOME, tenant.database}:
        with _runtime(at) as cursor:
            cursor.execute("SELECT tenancy_forget(%s)", [tenant.pk])
    with _runtime(tenant.database) as cursor:
        cursor.execute("SELECT tenancy_drop(%s)", [tenant.pk])
    lodgers.forget(tenant)


def _migrate(say: Say) -> None:
    numbering.instead_of_djangos()
    call_command(DjangoMigrate(), database="owner", interactive=False, verbosity=0)
    numbering.apply(using="owner")
    with _as_owner() as cursor:
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON {OWNERS_ALONE} FROM bursar_app, bursar_tables")
    say("migrated")


def _prepare_schema(schema: str) -> None:
    """An empty schema in which the runtime may use whatever table comes."""
    name = sql.Identifier(schema).as_string(None)
    with _as_owner() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    _own(schema, "bursar_tables")
    with _as_owner() as cursor:
        # Otherwise Django finds the platform's table behind it on the search path, and thinks that all is done.
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name}.django_migrations"
            " (LIKE public.django_migrations INCLUDING ALL)"
        )


_KEEP_TO_THE_PLATFORM = f"""
DO $$
DECLARE
    name text;
BEGIN
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM bursar_tables;
    FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = 'public' AND NOT EXISTS (
            SELECT FROM pg_policies WHERE policyname = '{rls.OF_TENANTS}'
                AND (pg_policies.schemaname, pg_policies.tablename) = (pg_tables.schemaname, pg_tables.tablename))
    LOOP
        EXECUTE format('REVOKE ALL ON TABLE %s FROM bursar_tables', name);
    END LOOP;
END $$
"""  # noqa: S608 - the name of our policy
"""The same migrations make the platform's own tables and a tenant's, and give tenants rights on both."""


def _own(schema: str, role: str) -> None:
    """What the owner makes in the schema from now on, `role` may read and write. Sequences need no right: that of an
    identity column counts for whoever may insert, and a right would be the group's, in every tenant's schema."""
    name = sql.Identifier(schema).as_string(None)
    with _as_owner() as cursor:
        cursor.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"
        )


def _dump(schema: str) -> str:
    """The schema as SQL that can be run by one EXECUTE: no psql commands, no session settings."""
    text = subprocess.run(
        [settings.PG_DUMP, "--schema", schema, "--no-owner", "--rows-per-insert=500", "--no-comments"],
        env=_libpq_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return "\n".join(line for line in text.splitlines() if _is_statement(line))


def _is_statement(line: str) -> bool:
    outside = ("\\", "--", "SET ", "SELECT pg_catalog.set_config")
    return bool(line.strip()) and not line.startswith(outside)


def _keep_blueprint(ddl: str, fingerprint: str) -> None:
    with _as_owner() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_blueprint (one, ddl, fingerprint, made_at) VALUES (true, %s, %s, now())"
            " ON CONFLICT (one) DO UPDATE SET ddl = excluded.ddl, fingerprint = excluded.fingerprint,"
            " made_at = excluded.made_at",
            [ddl, fingerprint],
        )


def _libpq_environment() -> dict[str, str]:
    owner = connections["owner"].settings_dict
    return {
        "PGHOST": str(owner["HOST"]),
        "PGPORT": str(owner["PORT"]),
        "PGUSER": str(owner["USER"]),
        "PGPASSWORD": str(owner["PASSWORD"]),
        "PGDATABASE": str(owner["NAME"]),
        "PATH": os.defpath,
    }


@contextmanager
def _runtime(at: str) -> Iterator[Any]:
    with connections[databases.at("default", at)].cursor() as cursor:
        yield cursor


@contextmanager
def _as_owner() -> Iterator[Any]:
    with connections["owner"].cursor() as cursor:
        yield cursor
