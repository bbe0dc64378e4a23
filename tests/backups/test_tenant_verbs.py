"""Backup, restore, clone and move by `manage.py tenant`."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command

from apps.identity.models import User
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from tests.support.backups import verb
from tests.support.transfer import sale


@pytest.mark.physical_copy
def test_tenant_commands_back_up_verify_restore(platform, tmp_path, accountant):
    file = tmp_path / "acme.zip"

    made = verb("backup", "acme", "--to", str(file), "--with-files")
    assert made["storage_key"] == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert verb("verify", str(file), "--with", "acme")["faults"] == []
    assert verb("restore", str(file), "--as", "copy", "--dry-run") == {"dry_run": True}
    assert verb("restore", str(file), "--as", "copy")["slug"] == "copy"
    assert verb("verify", str(file), "--with", "copy")["faults"] == []

    with activate(platform):
        sale(accountant, "5.00")
    with pytest.raises(SystemExit):
        verb("verify", str(file), "--with", "acme")
    verb("restore", str(file), "--in-place", "--reason", "It was a mistake.")
    with activate(Tenant.objects.get(slug="acme").info):
        assert Entry.objects.count() == 1
    assert [row["slug"] for row in verb("backups")["tenants"]] == ["acme", "copy", "globex"]
    assert verb("backups", "acme")["backups"][0]["state"] == "done"


def backup_worker_once():
    out = io.StringIO()
    call_command("backup_worker", "--once", stdout=out)
    return out.getvalue().splitlines()


@pytest.mark.physical_copy
def test_a_sandbox_is_cloned_without_scheduled_backups(platform):
    assert verb("clone", "acme", "--as", "play", "--anonymise")["slug"] == "play"
    assert backup_worker_once() == ["acme: backed up.", "globex: backed up."]
    (drill,) = backup_worker_once()
    assert drill.endswith("restored and verified.")
    assert backup_worker_once() == []


@pytest.mark.exhaustive("a move by command line")
@pytest.mark.physical_copy
def test_a_moved_tenant_works_in_the_target_database(platform, east, accountant):
    assert verb("move", "acme", "--to", east, "--reason", "More capacity.", "--dry-run") == {"dry_run": True}
    moved = verb("move", "acme", "--to", east, "--reason", "More capacity.")

    assert moved["database"] == east
    after = Tenant.objects.get(slug="acme")
    assert after.mode == "normal"
    with activate(after.info):
        assert sale(User.objects.get(email=accountant.email), "5.00").number == 2
