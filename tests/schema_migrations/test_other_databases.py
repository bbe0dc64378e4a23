"""Migration of tenants in another database, and a run that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from apps.kernel.tenant import at_database
from apps.schema_migrations.discovery import MIGRATED_KINDS, discover
from apps.schema_migrations.errors import MigrationInProgress
from apps.schema_migrations.running import migrate_tenants
from apps.tenancy import provisioning
from apps.tenancy.models import SchemaMigration, Spare, Tenant
from config.env import for_child
from tests.support.temporary_migrations import add

ROOT = Path(__file__).parents[2]


def migrate_templates(*keys: str) -> None:
    for key in keys:
        with at_database(key):
            provisioning.migrate_platform(lambda message: None)
            provisioning.migrate_template(lambda message: None)


def columns(key: str) -> set[str]:
    with connections[f"owner@{key}"].cursor() as cursor:
        cursor.execute(
            "SELECT table_schema::text FROM information_schema.columns WHERE column_name = 'colour'"
        )
        return {schema for (schema,) in cursor.fetchall()}


@pytest.mark.physical_copy
def test_both_databases_are_migrated(acme, globex, initech, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_templates("home", "east")

    result = migrate_tenants()

    assert result.failed == []
    assert columns("home") >= {acme.schema, globex.schema}
    spares = {spare.schema_name for spare in Spare.objects.using("owner@east")}
    assert spares | {initech.schema} <= columns("east")
    assert len(set(Tenant.objects.values_list("fingerprint", flat=True))) == 1
    assert SchemaMigration.objects.get(schema_name=initech.schema).state == "done"


@pytest.mark.physical_copy
def test_a_tenant_in_an_unknown_database_is_reported(acme, initech, make_migration):
    make_migration("paint", add("colour", null="True"))
    migrate_templates("home", "east")
    owner = connections.settings.pop("owner@east")

    result = migrate_tenants()

    connections.settings["owner@east"] = owner
    (failed,) = result.failed
    assert (failed.schema.slug, failed.error) == ("initech", "DATABASE_OWNER_SHARDS does not name east")
    assert acme.schema in columns("home")


SETTINGS = """
from config.settings.test import *

MIGRATION_MODULES = {modules!r}
for database in DATABASES.values():
    database["NAME"] = {database!r}
"""


@pytest.mark.exhaustive("a process that is killed while it migrates")
@pytest.mark.physical_copy
def test_a_killed_run_is_resumed_by_the_next(database_name, make_migration, tmp_path):
    make_migration(
        "slow",
        add("colour", null="True"),
        "migrations.RunPython(run)",
        before="def run(apps, editor):\n    import time\n\n    time.sleep(0.2)\n",
    )
    migrate_templates("home")
    waiting = {schema.name for schema in discover() if schema.kind in MIGRATED_KINDS}
    page = SETTINGS.format(modules=settings.MIGRATION_MODULES, database=database_name)
    (tmp_path / "settings_of_the_killed.py").write_text(page)
    environment = for_child(
        DJANGO_SETTINGS_MODULE="settings_of_the_killed",
        PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]),
    )
    command = [sys.executable, "manage.py", "migrate_tenants", "--workers", "1", "--skip-checks"]

    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) as run:
        until = time.monotonic() + 60
        while not waiting & columns("home"):
            assert run.poll() is None, run.communicate()[1].decode()
            assert time.monotonic() < until
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    done = waiting & columns("home")
    result = _migrate_after_lock_release()

    assert 0 < len(done) < len(waiting)
    assert result.failed == []
    assert waiting <= columns("home")
    assert migrate_tenants().up_to_date == len(waiting)


def _migrate_after_lock_release():
    for _ in range(100):
        try:
            return migrate_tenants()
        except MigrationInProgress:
            time.sleep(0.05)
    return pytest.fail("the lock of the killed run is not released")
