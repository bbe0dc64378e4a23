"""One tenant leaves as an archive, and comes back as another one with the same rows."""

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
from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.availability import current_availability
from apps.kernel.files import files
from apps.kernel.pii import pii_columns, tables_not_copied
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.tenancy import directory, provisioning
from apps.tenancy.commands import CreateTenant
from apps.tenancy.errors import SlugTaken
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import restoring, verifying
from apps.tenancy.transfer.backup_file import BackupFile
from apps.tenancy.transfer.errors import (
    BackupFileAltered,
    BackupFileSignatureInvalid,
    BackupFileUnreadable,
    BackupOfAnotherTenant,
    NotWhatWasExported,
)
from apps.tenancy.transfer.exporting import export
from apps.tenancy.transfer.masking import Masking
from tests.support.plans import UNLIMITED
from tests.support.settling import settle
from tests.support.transfer import sale, schemas_like


def exported(tenant, **how):
    with activate(None):
        export(tenant, to := io.BytesIO(), **how)
    return BackupFile(to)


def restored(backup_file, slug="copy", **how):
    with activate(None):
        return restoring.as_new(backup_file, slug=slug, at="home", **how)


@pytest.mark.physical_copy
def test_a_copy_has_the_same_rows_figures_and_audit_log(books):
    before = ledger.trial_balance(by="total")

    copy = restored(exported(books))

    with activate(None), activate(copy.info):
        assert ledger.trial_balance(by="total") == before
        assert Entry.objects.count() == 1
        assert verification.verify().intact
        assert not files().exists("invoices/INV-1.txt")


@pytest.mark.physical_copy
def test_a_copy_is_guarded_and_counted_on_like_its_source(books, accountant):
    copy = restored(exported(books))

    assert copy.mode == Tenant.Mode.READ_ONLY, "beside its source"
    with activate(None):
        copy.turn(Tenant.Mode.NORMAL)
    with activate(None), activate(copy.info):
        again = User.objects.get(email=accountant.email)
        entry = sale(again, "3.00")
        assert entry.number == 2
        with pytest.raises(Exception, match="never changed"), connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM audit_record")


def test_an_altered_archive_is_refused(books):
    backup_file = io.BytesIO()
    with activate(None):
        export(books, backup_file)

    with_other_part = rewritten(backup_file, "tables/ledger_entry.copy", lambda content: content + b"!")
    with_other_manifest = rewritten(backup_file, "manifest.json", lambda said: said.replace(b"acme", b"evil"))

    with pytest.raises(BackupFileAltered):
        restored(BackupFile(with_other_part))
    with pytest.raises(BackupFileSignatureInvalid):
        BackupFile(with_other_manifest)
    with pytest.raises(BackupFileUnreadable):
        BackupFile(io.BytesIO(backup_file.getvalue()[:-1000]))
    assert schemas_like("restoring") == []


def test_what_is_not_the_same_is_removed_again(books, monkeypatch):
    backup_file = exported(books)
    backup_file.manifest["tables"]["ledger_entry"]["checksum"] = "0"

    with pytest.raises(NotWhatWasExported, match="ledger_entry has 1 rows"):
        restored(backup_file)

    assert schemas_like("restoring") == []
    assert not Tenant.objects.filter(slug="copy").exists()


@pytest.mark.physical_copy
def test_a_name_under_which_somebody_is_onboarded_is_left_to_him(books):
    with activate(None):
        dispatch(
            CreateTenant(slug="copy", name="Copy Inc", owner_email="o@copy.example"),
            actor=System("The suite"),
        )
    with pytest.raises(SlugTaken):
        restored(exported(books))


@pytest.mark.physical_copy
@pytest.mark.parametrize("how", ["as new", "in place"])
def test_an_archive_of_earlier_migrations_catches_up(books, monkeypatch, how):
    backup_file, migrated = exported(books), []
    backup_file.manifest["fingerprint"] = "of last month"
    monkeypatch.setattr(provisioning, "migrate_tenant", lambda tenant, say: migrated.append(tenant.id))

    with activate(None):
        tenant = (
            restoring.as_new(backup_file, slug="copy", at="home")
            if how == "as new"
            else restoring.in_place(backup_file, Tenant.objects.get(pk=books.id))
        )

    assert migrated == [tenant.pk]
    assert tenant.fingerprint == Tenant.objects.get(slug="globex").fingerprint


@pytest.mark.physical_copy
def test_files_and_the_heads_of_the_audit_log_go_along(books):
    copy = restored(exported(books, with_files=True))

    with activate(None), activate(copy.info):
        assert files().open("invoices/INV-1.txt").read() == b"Invoice 1"
        assert files().listdir("audit/heads")[1]
        assert verification.verify().intact


@pytest.mark.physical_copy
def test_a_sandbox_has_files_and_a_audit_log_of_its_own(books):
    backup_file = exported(books, masking=Masking.SANDBOX, with_files=True)
    sandbox = restored(backup_file, sandbox_of=Tenant.objects.get(pk=books.id))

    with activate(None), activate(sandbox.info):
        assert files().exists("invoices/INV-1.txt")
        assert files().listdir("audit/heads")[1] == []
        assert Entry.objects.get().payee == "Jane Roe"
        assert not User.objects.exclude(email__endswith="@sandbox.invalid").exists()
        sealing.seal()
        assert verification.verify().intact


NOBODYS = {"settings.Setting.value"}
"""Long texts and JSON in which nothing of a person stands."""


def test_every_long_text_is_said_to_be_somebodys_or_nobodys():
    """A new one is declared in its app's hookimpls.py, or stands above."""
    said, stays = pii_columns(), tables_not_copied()
    unsaid = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if tenants_have(model) and model._meta.db_table not in stays
        for field in model._meta.concrete_fields
        if isinstance(field, models.TextField | models.EmailField | models.JSONField | models.BinaryField)
        and field.column not in said.get(model._meta.db_table, {})
    }

    assert {each for each in unsaid if ".Historical" not in each} - NOBODYS == set()


def tenants_have(model):
    return model._meta.app_config.name in settings.TENANT_APPS


@pytest.mark.physical_copy
def test_each_object_of_the_schema_is_compared(books):
    backup_file = exported(books)
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_guard")
        cursor.execute("ALTER TABLE ledger_account ALTER COLUMN name DROP NOT NULL")
        cursor.execute("SELECT setval('ledger_entry_id_seq', 99)")
        cursor.execute("GRANT DELETE ON audit_record TO bursar_tables")

    with activate(None):
        found = verifying.faults(backup_file.manifest, books)

    assert found == [
        "column ledger_account.name has a different definition",
        "constraint ledger_account.ledger_account_name_not_null has a different definition",
        "table audit_record has a different definition",
        "trigger ledger_entry.ledger_entry_guard has a different definition",
        "sequence ledger_entry_id_seq is at 99 and was at 1",
    ]


@pytest.mark.physical_copy
def test_the_tenant_as_it_was_and_what_it_is_stays_beside(books, accountant):
    backup_file = exported(books, with_files=True)
    later = sale(accountant, "99.00")
    sealing.seal()
    files().delete("invoices/INV-1.txt")

    with activate(None):
        restoring.in_place(backup_file, Tenant.objects.get(pk=books.id))

    after = Tenant.objects.get(pk=books.id)
    with activate(None), activate(after.info):
        assert not Entry.objects.filter(pk=later.pk).exists()
        assert verification.verify().intact
        assert files().open("invoices/INV-1.txt").read() == b"Invoice 1"
    assert (after.mode, after.epoch) == (Tenant.Mode.NORMAL, books.epoch + 1)
    assert len(schemas_like("before")) == 1


@pytest.mark.physical_copy
def test_news_of_then_is_told_and_news_of_later_is_not(books, accountant):
    """Nobody has heard of the first sale when the archive is made; then everybody has, and of a second one not."""
    backup_file = exported(books)
    with activate(None):
        settle()
    sale(accountant, "99.00")

    with activate(None):
        restoring.in_place(backup_file, Tenant.objects.get(pk=books.id))
        waiting = OutboxEvent.objects.filter(tenant_id=books.id, routed_at=None, name="entry.posted")
        assert [each.payload["entry_id"] for each in waiting] == [1]
        settle()
        assert not Delivery.objects.filter(tenant_id=books.id).unsettled().exists()


def test_no_other_tenant_takes_its_place(books, globex):
    backup_file = exported(books)
    with activate(None), pytest.raises(BackupOfAnotherTenant):
        restoring.in_place(backup_file, Tenant.objects.get(pk=globex.id))


@pytest.mark.physical_copy
def test_one_whose_row_is_lost_comes_back_under_its_own_id(books):
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
def test_what_it_has_booked_goes_along(books):
    suite = System("The suite")
    with activate(None):
        dispatch(DefinePlan(code="small", name="Small", level=1, modules=(), limits=UNLIMITED), actor=suite)
        dispatch(ChangePlan(tenant_id=books.id, plan="small", reason="Booked."), actor=suite)

    copy = restored(exported(books))

    with activate(None):
        assert billing.plan_of(copy.pk).code == "small"


@pytest.mark.physical_copy
def test_places_keep_their_order_in_a_server_that_has_counted_fewer(books, accountant):
    sale(accountant, "1.00")
    backup_file = exported(books)
    copy = restored(backup_file)
    with activate(None):
        copy.turn(Tenant.Mode.NORMAL)

    with activate(None), activate(copy.info):
        sale(User.objects.get(email=accountant.email), "2.00")
        until(lambda: not any(sealing.waiting()), meanwhile=sealing.seal)
        assert verification.verify().intact
        places = [*Record.objects.order_by("xid", "id").values_list("id", flat=True)]
    assert places == sorted(places)
    assert backup_file.manifest["xid_count"] < 200


@pytest.mark.physical_copy
def test_personal_data_never_leaves_for_an_anonymous_copy(books, accountant):
    with activate(None):
        export(books, to := io.BytesIO(), masking=Masking.ANONYMOUS)
    with ZipFile(to) as parts:
        tables = {name: parts.read(name) for name in parts.namelist() if name != "schema.sql"}
    for said in (b"Jane Roe", b"accountant@acme.example", b"Accountant", b"pbkdf2", b"argon2"):
        assert [name for name, content in tables.items() if said in content] == []

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
    """Other tests on this server have transactions that the seal waits for."""
    ends_at = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends_at
        meanwhile()
        time.sleep(0.05)


def rewritten(backup_file, name, change):
    to = io.BytesIO()
    with ZipFile(backup_file) as before, ZipFile(to, "w") as after:
        for each in before.namelist():
            content = before.read(each)
            after.writestr(each, change(content) if each == name else content)
    return to
