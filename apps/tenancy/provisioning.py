"""Schemas: made from migrations by the owner, and from the blueprint by everybody else.

The owner migrates the schema `bursar_template` and keeps its dump as the blueprint. A new tenant is the
blueprint replayed under its own name, through a SECURITY DEFINER function: the runtime owns nothing and can make
exactly this (decision C27).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connection, connections
from psycopg import sql

from apps.kernel.tenant import PUBLIC_SCHEMA, TenantInfo, activate

from . import numbering
from .models import Tenant

TEMPLATE = TenantInfo(id=0, slug="template", name="Template", schema="bursar_template", state="pending")
"""Its name stands nowhere else, since it is replaced as text."""

OWNERS_ALONE = "django_migrations, django_content_type, auth_permission"
"""What is written by migrations and numbering, and only read by the runtime."""

Say = Callable[[str], None]


def migrate_platform(say: Say) -> None:
    """The public schema: the platform's own tables."""
    _own(PUBLIC_SCHEMA, "bursar_app")
    with activate(None):
        _migrate(say)


def migrate_template(say: Say) -> None:
    """The template, and the blueprint made from it."""
    with activate(TEMPLATE):
        _prepare_schema(TEMPLATE.schema)
        _migrate(say)
    _keep_blueprint(_dump(TEMPLATE.schema))


def migrate_tenant(tenant: TenantInfo, say: Say) -> None:
    with activate(tenant):
        _migrate(say)


def provision(tenant: Tenant) -> None:
    """Make the schema of a pending tenant. Raises NoBlueprint through the bus."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_provision(%s)", [tenant.pk])


def discard(tenant: Tenant) -> None:
    """Drop the schema of a tenant whose onboarding failed; the database refuses any that is not pending."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_discard(%s)", [tenant.pk])


def _migrate(say: Say) -> None:
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
        cursor.execute(f"GRANT USAGE ON SCHEMA {name} TO bursar_app, bursar_tables")
    _own(schema, "bursar_tables")
    with _as_owner() as cursor:
        # Otherwise Django finds the platform's table behind it on the search path, and thinks that all is done.
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {name}.django_migrations"
            " (LIKE public.django_migrations INCLUDING ALL)"
        )


def _own(schema: str, role: str) -> None:
    """What the owner makes in the schema from now on, `role` may read and write."""
    name = sql.Identifier(schema).as_string(None)
    rights = f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT"
    with _as_owner() as cursor:
        cursor.execute(f"{rights} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}")
        cursor.execute(f"{rights} USAGE, SELECT ON SEQUENCES TO {role}")


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


def _keep_blueprint(ddl: str) -> None:
    with _as_owner() as cursor:
        cursor.execute(
            "INSERT INTO tenancy_blueprint (one, ddl, fingerprint, made_at) VALUES (true, %s, %s, now())"
            " ON CONFLICT (one) DO UPDATE SET ddl = excluded.ddl, fingerprint = excluded.fingerprint,"
            " made_at = excluded.made_at",
            [ddl, hashlib.sha256(ddl.encode()).hexdigest()],
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
