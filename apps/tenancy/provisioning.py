"""Creation of the public schema and of the template, by migrations of the owner.

The owner migrates the schema `bursar_template` and stores its dump as the blueprint, from which the runtime makes the
schemas of tenants (`tenant_schemas.py`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from psycopg import sql

from apps.kernel.db import rls
from apps.kernel.tenant import HOME, PUBLIC_SCHEMA, TenantInfo, activate, current_database

from . import fingerprint, numbering
from .errors import SchemaPrefixMismatch
from .models import Tenant
from .schema_names import tenant_schema_pattern

TEMPLATE = TenantInfo(
    id=0, slug="template", name="Template", schema="bursar_template", state="pending", database=""
)
"""The template of each database. Its name must be unique in the dump, since it is replaced as text."""

READ_ONLY_TABLES = "django_migrations, django_content_type, auth_permission"
"""Written by migrations and numbering; the runtime may only read them."""

Report = Callable[[str], None]


def migrate_platform(report: Report) -> None:
    """Migrate the public schema: the platform's tables, and the tables that tenants share."""
    _grant_on_new_tables(PUBLIC_SCHEMA, "bursar_app")
    with activate(None):
        _migrate(report)
    with _as_owner() as cursor:
        cursor.execute(_REVOKE_PLATFORM_TABLES)
    name_schemas()
    note_environment()


def name_schemas() -> None:
    """Set the prefix of tenants' schemas in this database. Raises SchemaPrefixMismatch if schemas with another
    exist."""
    prefix = settings.TENANT_SCHEMA_PREFIX
    others = Tenant.objects.using("control").exclude(schema_name__regex=tenant_schema_pattern())
    if (other := others.values_list("schema_name", flat=True).first()) is not None:
        raise SchemaPrefixMismatch(prefix=prefix, schema=other)
    with _as_owner() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION public.tenancy_schema_prefix() RETURNS text LANGUAGE sql IMMUTABLE"
                " RETURN {}"
            ).format(sql.Literal(prefix))
        )


def note_environment() -> None:
    """Set the environment of the home database, for guards of what only an approval may change. The tables of the
    platform in other databases are copies, guarded at home."""
    environment = settings.ENVIRONMENT if current_database() == HOME else ""
    with _as_owner() as cursor:
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION public.tenancy_environment() RETURNS text LANGUAGE sql STABLE"
                " RETURN {}"
            ).format(sql.Literal(environment))
        )


def migrate_template(report: Report) -> None:
    """Migrate the template, and store the blueprint made from it."""
    with activate(TEMPLATE):
        _prepare_schema(TEMPLATE.schema)
        _migrate(report)
    with activate(TEMPLATE), _as_owner() as cursor:
        current = fingerprint.of_current_schema(cursor)
    _store_blueprint(_dump(TEMPLATE.schema), current)


def migrate_tenant(tenant: TenantInfo, report: Report) -> None:
    with activate(tenant):
        _migrate(report)


def _migrate(report: Report) -> None:
    numbering.disable_django_numbering()
    call_command(DjangoMigrate(), database="owner", interactive=False, verbosity=0)
    numbering.apply(using="owner")
    with _as_owner() as cursor:
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON {READ_ONLY_TABLES} FROM bursar_app, bursar_tables")
    report("migrated")


def _prepare_schema(schema: str) -> None:
    """Create an empty schema in which the runtime may use all future tables."""
    name = sql.Identifier(schema).as_string(None)
    with _as_owner() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    _grant_on_new_tables(schema, "bursar_tables")
    with _as_owner() as cursor:
        # Otherwise Django would find the platform's table by the search path, and regard all migrations as applied.
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name}.django_migrations"
            " (LIKE public.django_migrations INCLUDING ALL)"
        )


_REVOKE_PLATFORM_TABLES = f"""
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
"""The same migrations create the platform's tables and a tenant's, and would grant tenants rights on both."""


def _grant_on_new_tables(schema: str, role: str) -> None:
    """Let `role` read and write the tables that the owner will create in the schema. No grant on sequences: INSERT is
    enough for an identity column, and a grant to the group would hold in every tenant's schema."""
    name = sql.Identifier(schema).as_string(None)
    with _as_owner() as cursor:
        cursor.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"
        )


def _dump(schema: str) -> str:
    """The schema as SQL for one EXECUTE: without psql commands and session settings."""
    text = subprocess.run(
        [settings.PG_DUMP, "--schema", schema, "--no-owner", "--rows-per-insert=500", "--no-comments"],
        env=_libpq_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return "\n".join(line for line in text.splitlines() if _is_statement(line))


def _is_statement(line: str) -> bool:
    skipped = ("\\", "--", "SET ", "SELECT pg_catalog.set_config")
    return bool(line.strip()) and not line.startswith(skipped)


def _store_blueprint(ddl: str, fingerprint: str) -> None:
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
def _as_owner() -> Iterator[Any]:
    with connections["owner"].cursor() as cursor:
        yield cursor
