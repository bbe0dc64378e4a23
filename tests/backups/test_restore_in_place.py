"""A backup replaces the data of its tenant."""

from __future__ import annotations

import pytest

from apps.audit import sealing, verification
from apps.backups.errors import (
    BackupOfAnotherTenant,
)
from apps.backups.restores.in_place import restore_in_place
from apps.events.models import Delivery, OutboxEvent
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.tenancy.models import Tenant
from tests.support.settling import settle
from tests.support.transfer import exported, sale, schemas_like


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
    assert (after.mode, after.epoch) == (Tenant.Mode.NORMAL, books.epoch + 2)
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
