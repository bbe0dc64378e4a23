"""Attaching files and removing them, by commands."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest

from apps.attachments import contents, queries
from apps.attachments.commands import AttachFile, RemoveAttachment
from apps.attachments.errors import (
    AttachmentIsRemoved,
    AttachmentNotFound,
    ContentInUse,
    ContentMissing,
    ReasonMissing,
    SubjectNotFound,
    SubjectTypeUnknown,
)
from apps.attachments.hooks import subject_types
from apps.attachments.models import Attachment
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel import clock
from apps.kernel.errors import Refusal
from apps.kernel.files.store import FileIsMissing, files
from apps.kernel.uploads.errors import UploadNameNotAllowed
from apps.kernel.uploads.receiving import receive
from apps.ledger.commands import DiscardDraft, DraftEntry
from apps.ledger.errors import DraftHasAttachments
from tests.support.attaching import attached
from tests.support.books import JAN_9, sale
from tests.support.settling import settle
from tests.support.uploads import PDF


def stored_names() -> list[str]:
    return files().listdir(contents.FOLDER)[1]


def command_of(attachment: Attachment, **changes: object) -> AttachFile:
    names = ("subject_type", "subject_id", "name", "media_type", "bytes", "sha256", "storage_key")
    return AttachFile(**{name: getattr(attachment, name) for name in names} | changes)


def test_a_file_is_attached_to_a_posted_entry(entry, accountant):
    attachment = attached(entry.pk, accountant)

    assert (attachment.name, attachment.bytes, attachment.attached_by) == (
        "receipt.pdf",
        len(PDF),
        str(accountant),
    )
    assert attachment.sha256 == hashlib.sha256(PDF).hexdigest()
    with queries.content_of(attachment) as content:
        assert content.read() == PDF


def test_files_can_be_attached_to_entries_invoices_orders_and_payments():
    assert set(subject_types()) == {"ledger.entry", "sales.invoice", "sales.order", "payments.payment"}


def test_equal_files_have_contents_of_their_own(entry, accountant):
    first, second = attached(entry.pk, accountant), attached(entry.pk, accountant)
    dispatch(RemoveAttachment(attachment_id=first.pk, reason="twice"), actor=accountant)
    contents.discard(first.storage_key)

    with queries.content_of(second) as content:
        assert content.read() == PDF


@pytest.mark.parametrize(
    ("subject_type", "refusal"),
    [("ledger.account", SubjectTypeUnknown), ("", SubjectTypeUnknown), ("sales.order", SubjectNotFound)],
)
def test_an_unknown_object_is_refused_and_no_content_remains(entry, accountant, subject_type, refusal):
    with pytest.raises(refusal):
        attached(entry.pk, accountant, subject_type=subject_type)

    assert stored_names() == []


def test_a_user_without_the_permission_is_refused_and_no_content_remains(entry, auditor):
    with pytest.raises(PermissionDenied):
        attached(entry.pk, auditor)

    assert stored_names() == []


def test_an_object_that_the_actor_may_not_view_is_as_if_it_did_not_exist(entry, accountant, monkeypatch):
    monkeypatch.setattr(
        type(accountant), "has_perm", lambda user, permission, obj=None: permission != "ledger.view_entry"
    )

    with pytest.raises(SubjectNotFound):
        attached(entry.pk, accountant)
    assert queries.visible_to(accountant).count() == 0


def test_a_content_that_is_not_stored_or_of_another_size_or_place_is_refused(entry, accountant):
    attachment = attached(entry.pk, accountant)

    for changes in (
        {"storage_key": f"{contents.FOLDER}/{'0' * 64}"},
        {"bytes": attachment.bytes + 1},
        {"storage_key": "invoices/2026/INV-1.pdf"},
    ):
        with pytest.raises(ContentMissing):
            dispatch(command_of(attachment, **changes), actor=accountant)


def test_a_content_belongs_to_one_attachment(entry, accountant):
    attachment = attached(entry.pk, accountant)

    with pytest.raises(ContentInUse):
        dispatch(command_of(attachment), actor=accountant)


def test_a_name_with_a_path_is_refused_by_the_command_as_well(entry, accountant):
    attachment = attached(entry.pk, accountant)

    with pytest.raises(Refusal) as refusal:
        dispatch(command_of(attachment, name="../a.pdf"), actor=accountant)
    assert isinstance(refusal.value.refusals[0], UploadNameNotAllowed)


def test_a_repeated_request_keeps_the_content_that_the_first_one_still_attaches(entry, accountant):
    subject = {"subject_type": "ledger.entry", "subject_id": entry.pk, "actor": accountant, "key": "k"}
    upload = receive("receipt.pdf", io.BytesIO(PDF))

    with contents.stored(upload, **subject) as first:
        with contents.stored(receive("receipt.pdf", io.BytesIO(PDF)), **subject) as second:
            assert second == first
        attachment = dispatch(first, actor=accountant)

    with queries.content_of(attachment) as content:
        assert content.read() == PDF


def test_a_content_that_no_request_attaches_does_not_remain_after_a_repeated_request(entry, accountant):
    subject = {"subject_type": "ledger.entry", "subject_id": entry.pk, "actor": accountant, "key": "k"}

    with contents.stored(receive("receipt.pdf", io.BytesIO(PDF)), **subject):
        with contents.stored(receive("receipt.pdf", io.BytesIO(PDF)), **subject):
            pass
        assert len(stored_names()) == 1

    assert stored_names() == []


# Removal


def test_a_removed_attachment_keeps_its_row_and_loses_its_content(entry, accountant):
    attachment = attached(entry.pk, accountant)

    removed = dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="wrong entry"), actor=accountant)
    settle()

    assert (removed.name, removed.sha256) == (attachment.name, attachment.sha256)
    assert (removed.removed_by, removed.removal_reason) == (str(accountant), "wrong entry")
    with pytest.raises(FileIsMissing):
        queries.content_of(removed)


def test_a_removal_needs_a_reason(entry, accountant):
    attachment = attached(entry.pk, accountant)

    for reason in ("", " ", "\u200b"):
        with pytest.raises(ReasonMissing):
            dispatch(RemoveAttachment(attachment_id=attachment.pk, reason=reason), actor=accountant)
    assert stored_names() != []


def test_an_attachment_is_removed_once(entry, accountant, auditor):
    attachment = attached(entry.pk, accountant)
    dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="a"), actor=accountant)

    with pytest.raises(AttachmentIsRemoved):
        dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="b"), actor=accountant)
    with pytest.raises(AttachmentNotFound):
        dispatch(RemoveAttachment(attachment_id=attachment.pk + 1, reason="b"), actor=accountant)
    with pytest.raises(PermissionDenied):
        dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="b"), actor=auditor)


def test_a_draft_with_attachments_is_discarded_only_after_their_removal(chart, at_acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale().lines), actor=accountant)
    attachment = attached(draft.pk, accountant)

    with pytest.raises(DraftHasAttachments):
        dispatch(DiscardDraft(entry_id=draft.pk), actor=accountant)
    dispatch(RemoveAttachment(attachment_id=attachment.pk, reason="discarded"), actor=accountant)

    dispatch(DiscardDraft(entry_id=draft.pk), actor=accountant)


# Leftovers


def test_the_sweep_discards_old_contents_without_attachment_only(entry, accountant, monkeypatch):
    attachment = attached(entry.pk, accountant)
    leftover = f"{contents.FOLDER}/{'1' * 64}"
    files().save(leftover, files().open(attachment.storage_key))
    assert contents.sweep() == 0

    tomorrow = clock.now() + contents.SWEPT_AFTER + dt.timedelta(hours=1)
    monkeypatch.setattr(contents, "now", lambda: tomorrow)

    assert contents.sweep() == 1
    assert stored_names() == [attachment.storage_key.rpartition("/")[2]]
