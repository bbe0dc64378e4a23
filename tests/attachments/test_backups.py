"""Attachments in backups, restores, clones and erasures."""

from __future__ import annotations

import pytest

from apps.attachments import queries
from apps.attachments.commands import RemoveAttachment
from apps.attachments.models import Attachment
from apps.backups.commands import BackUpTenant, CloneTenant
from apps.backups.files import storage
from apps.backups.files.backup_file import BackupFile
from apps.backups.restores.in_place import restore_in_place
from apps.backups.schedule import jobs
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from apps.tenancy.erasure.footprint import file_names
from apps.tenancy.models import Tenant
from tests.support.attaching import attached
from tests.support.settling import settle
from tests.support.transfer import exported, restored
from tests.support.uploads import PDF

SUITE = System("The suite")
pytestmark = pytest.mark.physical_copy


@pytest.fixture
def attachment(entry, accountant) -> Attachment:
    return attached(entry.pk, accountant)


def content_at(tenant: Tenant, attachment: Attachment) -> bytes:
    with activate(tenant.info):
        row = Attachment.objects.get(pk=attachment.pk)
        assert row.sha256 == attachment.sha256
        with queries.content_of(row) as content:
            return bytes(content.read())


@pytest.mark.parametrize("with_files", [True, False])
def test_a_scheduled_backup_has_the_files_unless_the_setting_is_off(
    attachment, at_acme, settings, with_files
):
    settings.BACKUP_WITH_FILES = with_files
    with activate(None):
        backup = dispatch(BackUpTenant(tenant_id=at_acme.id), actor=SUITE)
        storage_key, checksum = jobs.locate(str(backup.pk))
        with storage.opened(storage_key, checksum) as file:
            names = list(BackupFile(file).names("files"))

    assert (f"files/{attachment.storage_key}" in names) is with_files


def test_a_restore_in_place_returns_a_content_that_was_deleted_since(attachment, at_acme, accountant):
    backup_file = exported(at_acme, with_files=True)
    dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="wrong"), actor=accountant)
    settle()
    assert not files().exists(attachment.storage_key)

    with activate(None):
        tenant = restore_in_place(backup_file, Tenant.objects.get(pk=at_acme.id))

    assert content_at(tenant, attachment) == PDF


def test_a_restore_as_new_has_the_content(attachment, at_acme):
    copy = restored(exported(at_acme, with_files=True))

    assert content_at(copy, attachment) == PDF


def test_a_clone_has_the_content_and_an_anonymised_one_has_no_attachments(attachment, at_acme):
    with activate(None):
        clone = dispatch(CloneTenant(tenant_id=at_acme.id, slug="clone", anonymise=False), actor=SUITE)
        anonymous = dispatch(CloneTenant(tenant_id=at_acme.id, slug="anonymous"), actor=SUITE)

    assert content_at(clone, attachment) == PDF
    with activate(anonymous.info):
        assert not Attachment.objects.exists()
        assert attachment.storage_key not in list(file_names())


def test_the_footprint_that_an_erasure_deletes_has_the_content(attachment, at_acme):
    assert attachment.storage_key in list(file_names())
