"""A backup file restores a tenant with the same rows, objects, files and events, or an anonymised clone."""

from __future__ import annotations

import io
import time
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections, models

from apps.audit import sealing, verification
from apps.audit.models import Record
from apps.backups.errors import (
    BackupFileAltered,
    BackupFileSignatureInvalid,
    BackupFileUnreadable,
    BackupOfAnotherTenant,
    RestoredDataDiffers,
)
from apps.backups.files import verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import Masking
from apps.backups.restores.as_new import restore_as_new
from apps.backups.restores.in_place import restore_in_place
from apps.backups.restores.planning import Target
from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.availability import current_availability
from apps.kernel.files.store import files
from apps.kernel.pii import pii_columns, tables_not_copied
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.tenancy import directory, provisioning
from apps.tenancy.commands import CreateTenant
from apps.tenancy.errors import SlugTaken
from apps.tenancy.models import Tenant
from tests.support.plans import UNLIMITED
from tests.support.settling import settle
from tests.support.transfer import sale, schemas_like


def exported(tenant, **options):
    with activate(None):
        export(tenant, to := io.BytesIO(), **options)
    return BackupFile(to)


def restored(backup_file, slug="copy", **options):
    with activate(None):
        return restore_as_new(backup_file, Target(slug=slug, database="home", **options))


@pytest.mark.physical_copy
def test_a_restored_tenant_has_the_rows_trial_balance_and_audit_log_of_its_source(books):
    before = ledger.trial_balance(by="total")

    copy = restored(exported(books))

    with activate(None), activate(copy.info):
        assert ledger.trial_balance(by="total") == before
        assert Entry.objects.count() == 1
        assert verification.verify().intact
        assert not files().exists("invoices/INV-1.txt")


@pytest.mark.physical_copy
def test_a_restored_tenant_has_the_triggers_and_sequences_of_its_source(books, accountant):
    copy = restored(exported(books))

    assert copy.mode == Tenant.Mode.READ_ONLY, "beside its source"
    with activate(None):
        copy.set_mode(Tenant.Mode.NORMAL)
    with activate(None), activate(copy.info):
        again = User.objects.get(email=accountant.email)
        entry = sale(again, "3.00")
        assert entry.number == 2
        with pytest.raises(Exception, match="never changed"), connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM audit_record")


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
def test_a_restore_under_the_slug_of_a_tenant_in_onboarding_is_refused(books):
    with activate(None):
        dispatch(
            CreateTenant(slug="copy", name="Copy Inc", owner_email="o@copy.example"),
            actor=System("The suite"),
        )
    with pytest.raises(SlugTaken):
        restored(exported(books))


@pytest.mark.physical_copy
@pytest.mark.parametrize("method", ["as new", "in place"])
def test_a_backup_with_older_migrations_is_migrated(books, monkeypatch, method):
    backup_file, migrated = exported(books), []
    backup_file.manifest["fingerprint"] = "of last month"
    monkeypatch.setattr(provisioning, "migrate_tenant", lambda tenant, report: migrated.append(tenant.id))

    with activate(None):
        tenant = (
            restore_as_new(backup_file, Target(slug="copy", database="home"))
            if method == "as new"
            else restore_in_place(backup_file, Tenant.objects.get(pk=books.id))
        )

    assert migrated == [tenant.pk]
    assert tenant.fingerprint == Tenant.objects.get(slug="globex").fingerprint


@pytest.mark.physical_copy
def test_a_backup_with_files_restores_files_with_the_anchors_of_the_audit_log(books):
    copy = restored(exported(books, with_files=True))

    with activate(None), activate(copy.info):
        assert files().open("invoices/INV-1.txt").read() == b"Invoice 1"
        assert files().listdir("audit/heads")[1]
        assert verification.verify().intact


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


WITHOUT_PII = {"settings.Setting.value"}
"""Text and JSON fields without personal data."""


def test_every_text_field_is_declared_as_pii_or_listed_as_free_of_pii():
    """A new field is declared in the hookimpls.py of its app, or listed in WITHOUT_PII."""
    declared, excluded = pii_columns(), tables_not_copied()
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


@pytest.mark.physical_copy
def test_a_restore_in_place_reverts_later_changes_with_the_replaced_schema_set_aside(books, accountant):
    backup_file = exported(books, with_files=True)
    later = sale(accountant, "99.00")
    sealing.seal()
    files().delete("invoices/INV-1.txt")

    with activate(None):
        restore_in_place(backup_file, Tenant.objects.get(pk=books.id))

    after = Tenant.objects.get(pk=books.id)
    with activate(None), activate(after.info):
        assert not Entry.objects.filter(pk=later.pk).exists()
        assert verification.verify().intact
        assert files().open("invoices/INV-1.txt").read() == b"Invoice 1"
    assert (after.mode, after.epoch) == (Tenant.Mode.NORMAL, books.epoch + 1)
    assert len(schemas_like("before")) == 1


@pytest.mark.physical_copy
def test_a_restore_in_place_delivers_events_of_the_backup_without_later_ones(books, accountant):
    """The event of the first sale is undelivered at the time of the backup and delivered later; a second sale
    follows."""
    backup_file = exported(books)
    with activate(None):
        settle()
    sale(accountant, "99.00")

    with activate(None):
        restore_in_place(backup_file, Tenant.objects.get(pk=books.id))
        unrouted = OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None, name="entry.posted")
        assert [event.payload["entry_id"] for event in unrouted] == [1]
        settle()
        assert not Delivery.objects.filter(tenant_id=books.id).unsettled().exists()


def test_a_restore_in_place_of_another_tenant_is_refused(books, globex):
    backup_file = exported(books)
    with activate(None), pytest.raises(BackupOfAnotherTenant):
        restore_in_place(backup_file, Tenant.objects.get(pk=globex.id))


@pytest.mark.physical_copy
def test_a_tenant_without_a_row_is_restored_under_its_former_id(books):
    backup_file = exported(books, with_files=True)
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(f"DROP SCHEMA {books.schema} CASCADE")
        for table in ("tenancy_domain", "tenancy_tenantactivity", "tenancy_tenantday"):
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [books.id])
        cursor.execute("DELETE FROM tenancy_tenant WHERE id = %s", [books.id])
        directory.changed()

    back = restored(backup_file, slug="acme")

    assert (back.pk, back.state, back.epoch) == (books.id, "active", books.epoch + 1)
    with activate(None), activate(back.info):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
def test_the_subscription_of_a_tenant_is_restored(books):
    suite = System("The suite")
    with activate(None):
        dispatch(DefinePlan(code="small", name="Small", level=1, modules=(), limits=UNLIMITED), actor=suite)
        dispatch(ChangePlan(tenant_id=books.id, plan="small", reason="Subscribed."), actor=suite)

    copy = restored(exported(books))

    with activate(None):
        assert billing.plan_of(copy.pk).code == "small"


@pytest.mark.physical_copy
def test_audit_records_stay_ordered_in_a_server_with_lower_transaction_ids(books, accountant):
    sale(accountant, "1.00")
    backup_file = exported(books)
    copy = restored(backup_file)
    with activate(None):
        copy.set_mode(Tenant.Mode.NORMAL)

    with activate(None), activate(copy.info):
        sale(User.objects.get(email=accountant.email), "2.00")
        until(lambda: not any(sealing.waiting()), meanwhile=sealing.seal)
        assert verification.verify().intact
        ids = [*Record.objects.order_by("xid", "id").values_list("id", flat=True)]
    assert ids == sorted(ids)
    assert backup_file.manifest["xid_count"] < 200


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


def until(true, meanwhile):
    """Sealing waits for open transactions, also those of other tests."""
    ends_at = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends_at
        meanwhile()
        time.sleep(0.05)


def rewritten(backup_file, name, change):
    to = io.BytesIO()
    with ZipFile(backup_file) as before, ZipFile(to, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, change(content) if part == name else content)
    return to
