"""A backup file restores a new tenant with the same rows, objects, files and events."""

from __future__ import annotations

import time

import pytest
from django.db import connections

from apps.audit import sealing, verification
from apps.audit.models import CommandMinute, Record
from apps.audit.rollup.counting import roll_up
from apps.backups.restores.as_new import restore_as_new
from apps.backups.restores.in_place import restore_in_place
from apps.backups.restores.planning import Target
from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.tenancy import directory, provisioning
from apps.tenancy.commands import CreateTenant
from apps.tenancy.errors import SlugTaken
from apps.tenancy.models import Tenant
from tests.support.plans import UNLIMITED
from tests.support.transfer import exported, restored, sale


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
def test_audit_records_stay_ordered_and_counted_once_in_a_server_with_lower_transaction_ids(
    books, accountant
):
    roll_up()
    sale(accountant, "1.00")
    backup_file = exported(books)
    copy = restored(backup_file)
    with activate(None):
        copy.set_mode(Tenant.Mode.NORMAL)

    with activate(None), activate(copy.info):
        sale(User.objects.get(email=accountant.email), "2.00")
        until(lambda: not any(sealing.waiting()), meanwhile=sealing.seal)
        assert verification.verify().intact
        until(is_counted_once, meanwhile=roll_up)
        ids = [*Record.objects.order_by("xid", "id").values_list("id", flat=True)]
    assert ids == sorted(ids)
    assert backup_file.manifest["xid_count"] < 200


def is_counted_once():
    figures = CommandMinute.objects.all().figures()
    return figures.commands == Record.objects.exclude(duration_us=None).count()


def until(true, meanwhile):
    """Sealing waits for open transactions, also those of other tests."""
    ends_at = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends_at
        meanwhile()
        time.sleep(0.05)
