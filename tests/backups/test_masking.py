"""Sandboxes contain no secrets, and anonymised ones no personal data."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from apps.audit import sealing, verification
from apps.audit.models import Record
from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import Masking
from apps.identity.models import User
from apps.kernel.availability import current_availability
from apps.kernel.files.store import files
from apps.kernel.pii import pii_columns, tables_not_copied
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from tests.support.transfer import exported, restored


@pytest.mark.physical_copy
def test_a_sandbox_has_the_files_with_an_audit_log_of_its_own(books):
    backup_file = exported(books, masking=Masking.SANDBOX, with_files=True)
    sandbox = restored(backup_file, sandbox_of=Tenant.objects.get(pk=books.id))

    with activate(None), activate(sandbox.info):
        assert files().exists("invoices/INV-1.txt")
        assert files().listdir("audit/heads")[1] == []
        assert Entry.objects.get().payee == "Jane Roe"
        assert not User.objects.exclude(email__endswith="@sandbox.invalid").exists()
        sealing.seal()
        assert verification.verify().intact


WITHOUT_PII = {
    "flags.ChangeSet.preview",
    "flags.ChangeSet.warnings",
    "flags.Revision.document",
    "settings.Setting.value",
}
"""Text and JSON fields without personal data."""


def test_every_text_field_is_declared_as_pii_or_listed_as_free_of_pii():
    """A new field is declared in the hookimpls.py of its app, or listed in WITHOUT_PII."""
    declared, excluded = pii_columns(), tables_not_copied(anonymous=False)
    undeclared = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if is_tenant_model(model) and model._meta.db_table not in excluded
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField | models.EmailField | models.JSONField | models.BinaryField)
        and field.column not in declared.get(model._meta.db_table, {})
    }

    assert {field for field in undeclared if ".Historical" not in field} - WITHOUT_PII == set()


def is_tenant_model(model):
    return model._meta.app_config.name in settings.TENANT_APPS


@pytest.mark.physical_copy
def test_an_anonymised_export_contains_no_personal_data(books, accountant):
    with activate(None):
        export(books, to := io.BytesIO(), masking=Masking.ANONYMOUS)
    with ZipFile(to) as parts:
        tables = {name: parts.read(name) for name in parts.namelist() if name != "schema.sql"}
    for value in (b"Jane Roe", b"accountant@acme.example", b"Accountant", b"pbkdf2", b"argon2"):
        assert [name for name, content in tables.items() if value in content] == []

    copy = restored(BackupFile(to), sandbox_of=Tenant.objects.get(pk=books.id))

    with activate(None), activate(copy.info):
        assert not current_availability().sends
        entry = Entry.objects.get()
        assert entry.payee.startswith("Person ")
        assert {email.partition("@")[2] for email in User.objects.values_list("email", flat=True)} == {
            "sandbox.invalid"
        }
        assert Record.objects.count() == 0
        assert ledger.trial_balance(by="total")
