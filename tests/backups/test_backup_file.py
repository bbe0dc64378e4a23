"""A backup file is refused when it was altered, and a difference of the restored data is reported."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest
from django.db import connections

from apps.backups.errors import (
    BackupFileAltered,
    BackupFileSignatureInvalid,
    BackupFileUnreadable,
    RestoredDataDiffers,
)
from apps.backups.files import verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant
from tests.support.transfer import exported, restored, schemas_like


def test_an_altered_backup_file_is_refused(books):
    backup_file = io.BytesIO()
    with activate(None):
        export(books, backup_file)

    with_other_part = rewritten(backup_file, "tables/ledger_entry.copy", lambda content: content + b"!")
    with_other_manifest = rewritten(
        backup_file, "manifest.json", lambda manifest: manifest.replace(b"acme", b"evil")
    )

    with pytest.raises(BackupFileAltered):
        restored(BackupFile(with_other_part))
    with pytest.raises(BackupFileSignatureInvalid):
        BackupFile(with_other_manifest)
    with pytest.raises(BackupFileUnreadable):
        BackupFile(io.BytesIO(backup_file.getvalue()[:-1000]))
    assert schemas_like("restoring") == []


def test_a_restore_with_a_different_checksum_is_refused_without_leftovers(books, monkeypatch):
    backup_file = exported(books)
    backup_file.manifest["tables"]["ledger_entry"]["checksum"] = "0"

    with pytest.raises(RestoredDataDiffers, match="ledger_entry has 1 rows"):
        restored(backup_file)

    assert schemas_like("restoring") == []
    assert not Tenant.objects.filter(slug="copy").exists()


@pytest.mark.physical_copy
def test_a_changed_object_of_the_schema_is_reported(books):
    backup_file = exported(books)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_guard")
        cursor.execute("ALTER TABLE ledger_account ALTER COLUMN name DROP NOT NULL")
        cursor.execute("SELECT setval('ledger_entry_id_seq', 99)")
        cursor.execute("GRANT DELETE ON audit_record TO bursar_tables")

    with activate(None):
        faults = verifying.faults(backup_file.manifest, books)

    assert faults == [
        "column ledger_account.name has a different definition",
        "constraint ledger_account.ledger_account_name_not_null has a different definition",
        "table audit_record has a different definition",
        "trigger ledger_entry.ledger_entry_guard has a different definition",
        "sequence ledger_entry_id_seq is at 99 instead of 1",
    ]


def rewritten(backup_file, name, change):
    to = io.BytesIO()
    with ZipFile(backup_file) as before, ZipFile(to, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, change(content) if part == name else content)
    return to
