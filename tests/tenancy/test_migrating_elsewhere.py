"""Tenants in another database are migrated like those at home, and a run that is killed is taken up by the next."""

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
from apps.tenancy import provisioning
from apps.tenancy.migrating import running
from apps.tenancy.migrating.running import migrate_tenants
from apps.tenancy.migrating.surveying import survey
from apps.tenancy.models import SchemaMigration, Spare, Tenant
from config.env import for_child
from tests.support.made_up import add

ROOT = Path(__file__).parents[2]


def migrate_templates(*keys: str) -> None:
    for key in keys:
        with at_database(key):
            provisioning.migrate_platform(lambda said: None)
            provisioning.migrate_template(lambda said: None)


def columns(key: str) -> set[str]:
    with connections[f"owner@{key}"].cursor() as cursor:
        cursor.execute(
            "SELECT table_schema::text FROM information_schema.columns WHERE column_name = 'colour'"
        )
        return {schema for (schema,) in cursor.fetchall()}


@pytest.mark.physical_copy
def test_both_databases_are_migrated(acme, globex, initech, made_up):
    made_up("paint", add("colour", null="True"))
    migrate_templates("home", "east")

    result = migrate_tenants()

    assert result.failed == []
    assert columns("home") >= {acme.schema, globex.schema}
    spares = {spare.schema_name for spare in Spare.objects.using("owner@east")}
    assert spares | {initech.schema} <= columns("east")
    assert len(set(Tenant.objects.values_list("fingerprint", flat=True))) == 1
    assert SchemaMigration.objects.get(schema_name=initech.schema).state == "done"


@pytest.mark.physical_copy
def test_one_whose_database_is_not_known_here_is_named(acme, initech, made_up):
    made_up("paint", add("colour", null="True"))
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
for each in DATABASES.values():
    each["NAME"] = {database!r}
"""


@pytest.mark.exhaustive("a process that is killed while it migrates")
@pytest.mark.physical_copy
def test_a_run_that_is_killed_is_taken_up_by_the_next(database_name, made_up, tmp_path):
    made_up(
        "slow",
        add("colour", null="True"),
        "migrations.RunPython(run)",
        before="def run(apps, editor):\n    import time\n\n    time.sleep(0.2)\n",
    )
    migrate_templates("home")
    waiting = {each.name for each in survey() if each.kind in running.THEIRS}
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
            assert run.poll() is None, run.stderr.read().decode()  # type: ignore[union-attr]
            assert time.monotonic() < until
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    done = waiting & columns("home")
    result = _as_soon_as_the_server_has_noticed()

    assert 0 < len(done) < len(waiting)
    assert result.failed == []
    assert waiting <= columns("home")
    assert migrate_tenants().standing == len(waiting)


def _as_soon_as_the_server_has_noticed():
    for _ in range(100):
        try:
            return migrate_tenants()
        except running.MigratedByAnother:
            time.sleep(0.05)
    return pytest.fail("the lock of the killed one stays")
