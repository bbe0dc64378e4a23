"""A restore or backup whose process is killed is completed by running it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from django.db import connections
from django.utils.module_loading import import_string

from apps.backups.commands import BackUpTenant, RestoreTenant
from apps.backups.models import Backup
from apps.backups.schemas import replaced
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from tests.support.backups import verb
from tests.support.transfer import schemas_like

SUITE = System("The suite")


class Killed(BaseException):
    """Simulates a killed process."""


STAGES = (
    "files.importing._fill",
    "files.verifying.faults",
    "schemas.owner.rename",
    "files.importing.load_files",
)


KILL_POINTS = [
    *(
        ("as new", point)
        for point in (*STAGES, "restores.as_new.migrate_to_current", "restores.as_new._activate")
    ),
    *(
        ("in place", point)
        for point in (*STAGES, "restores.in_place.migrate_to_current", "restores.in_place.swap_schema")
    ),
]


@pytest.mark.physical_copy
@pytest.mark.exhaustive("a kill at each stage of a restore", by=())
@pytest.mark.parametrize(("method", "point"), KILL_POINTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_restore_is_completed_by_running_it_again(platform, monkeypatch, method, point, when):
    backup = dispatch(BackUpTenant(tenant_id=platform.id, with_files=True), actor=SUITE)
    command = RestoreTenant(
        backup=str(backup.pk), slug="copy" if method == "as new" else "", reason="A test."
    )
    path = f"apps.backups.{point}"
    function = import_string(path)

    def dies(*args, **kwargs):
        if when == "after":
            function(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(path, dies)
        dispatch(command, actor=SUITE)
    with activate(Tenant.objects.get(slug="acme").info):
        assert Entry.objects.count() == 1, "the source is unchanged"

    restored = (
        Tenant.objects.get(slug="copy")
        if method == "as new" and Tenant.objects.filter(slug="copy").exclude(state="pending").exists()
        else dispatch(command, actor=SUITE)
    )

    with activate(restored.info):
        assert Entry.objects.count() == 1
    expected = {"normal"} if method == "as new" else {"normal", "maintenance"}
    assert Tenant.objects.get(slug="acme").mode in expected, "an operator ends the maintenance"
    replaced.sweep("home")
    assert schemas_like("restoring") == []


@pytest.mark.exhaustive("a process that is killed")
def test_a_killed_backup_is_marked_as_failed_by_the_next_one(platform, tmp_path):
    """In a separate process that is killed halfway through the rows."""
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_HALFWAY, settings_of_database(), str(tmp_path / "acme.zip")],
        env=dict(os.environ),
        capture_output=True,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert not (tmp_path / "acme.zip").exists()
    assert Backup.objects.get().state == "running"

    verb("backup", "acme", "--to", str(tmp_path / "acme.zip"))

    assert [*Backup.objects.order_by("pk").values_list("state", "last_error")] == [
        ("failed", "The backup worker was interrupted."),
        ("done", ""),
    ]


KILLED_HALFWAY = """
import os, signal, sys, django
django.setup()
from django.core.management import call_command
from django.db import connections
from apps.backups.files import exporting
for alias in connections:
    connections[alias].settings_dict["NAME"] = sys.argv[1]
copy = exporting._copy
def dies(cursor, schema, table, write):
    copy(cursor, schema, table, write)
    if table.name == "ledger_entry":
        os.kill(os.getpid(), signal.SIGKILL)
exporting._copy = dies
call_command("tenant", "backup", "acme", "--to", sys.argv[2])
"""


def settings_of_database():
    return str(connections["default"].settings_dict["NAME"])
