"""Attachments in a tenant's console."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.attachments.admin import commands
from apps.attachments.commands import RemoveAttachment
from apps.attachments.models import Attachment
from apps.bus import dispatch
from apps.kernel.uploads.receiving import receive
from apps.payments.models import Payment
from apps.sales.models import Invoice
from tests.support.attaching import attached
from tests.support.settling import settle
from tests.support.shop import ordered
from tests.support.uploads import PDF


def upload(client, entry, content=PDF, name="receipt.pdf", **fields):
    page = f"/t/acme/attachments/of/ledger.entry/{entry.pk}/attach/"
    return client.post(page, {"file": SimpleUploadedFile(name, content), **fields}, follow=True)


def page_of(client, entry) -> str:
    return client.get(f"/t/acme/ledger/entry/{entry.pk}/change/").content.decode()


def test_the_page_of_an_entry_uploads_a_file_and_lists_it(entry, accountant, client_for):
    client = client_for(accountant)
    assert "No file is attached." in page_of(client, entry)

    response = upload(client, entry)

    assert response.redirect_chain[-1][0] == f"/t/acme/ledger/entry/{entry.pk}/change/"
    text = response.content.decode()
    assert "receipt.pdf is attached." in text
    assert f"/t/acme/attachments/attachment/{Attachment.objects.get().pk}/download/" in text
    assert str(accountant) in text


@pytest.mark.parametrize("content", [PDF, b"<html>"], ids=["accepted", "refused"])
def test_an_upload_is_validated_once(entry, accountant, client_for, monkeypatch, content):
    validated = []
    monkeypatch.setattr(commands, "receive", lambda *file: validated.append(file) or receive(*file))

    upload(client_for(accountant), entry, content)

    assert len(validated) == 1


def test_a_refused_upload_shows_its_reason_and_code(entry, accountant, client_for):
    text = upload(client_for(accountant), entry, b"<script>", "a.txt").content.decode()

    assert "kernel.upload_is_active" in text
    assert not Attachment.objects.exists()


def test_an_upload_beyond_the_limit_is_refused_with_413(entry, accountant, client_for, settings):
    settings.UPLOAD_MAX_BYTES = 1_000

    response = upload(client_for(accountant), entry, b"x" * 2_000, "a.txt")

    assert response.status_code == 413
    assert b"kernel.upload_too_large" in response.content


def test_a_button_pressed_twice_attaches_once(entry, accountant, client_for):
    client = client_for(accountant)

    for _ in range(2):
        upload(client, entry, idempotency_key="a" * 32)

    assert Attachment.objects.count() == 1


def test_a_removed_file_stays_listed_with_its_reason_and_without_download(entry, accountant, client_for):
    number = attached(entry.pk, accountant).pk
    client = client_for(accountant)

    page = f"/t/acme/attachments/attachment/{number}/remove/"
    assert b"receipt.pdf" in client.get(page).content
    response = client.post(page, {"reason": "wrong entry"}, follow=True)

    text = response.content.decode()
    assert "wrong entry" in text
    assert "/download/" not in text
    assert client.get(f"/t/acme/attachments/attachment/{number}/download/").status_code == 404


def test_a_download_in_the_console_is_an_attachment(entry, accountant, client_for):
    number = attached(entry.pk, accountant).pk

    response = client_for(accountant).get(f"/t/acme/attachments/attachment/{number}/download/")

    assert response["Content-Disposition"] == 'attachment; filename="receipt.pdf"'
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert b"".join(response) == PDF


def test_a_user_that_may_only_view_has_no_form(entry, accountant, auditor, client_for):
    attached(entry.pk, accountant)

    text = page_of(client_for(auditor), entry)

    assert "receipt.pdf" in text
    assert "Attach file" not in text
    assert "/remove/" not in text


def test_the_list_shows_stored_and_removed_attachments(entry, accountant, client_for):
    removed = attached(entry.pk, accountant, name="first.pdf")
    attached(entry.pk, accountant, name="second.pdf")
    dispatch(RemoveAttachment(attachment_id=removed.pk, reason="wrong"), actor=accountant)

    text = client_for(accountant).get("/t/acme/attachments/attachment/").content.decode()

    for shown in ("first.pdf", "second.pdf", "Removed", "Stored", f"entry {entry.pk}"):
        assert shown in text


def test_an_object_that_does_not_exist_has_no_upload_page(entry, accountant, client_for):
    client = client_for(accountant)

    for subject in (f"ledger.entry/{entry.pk + 99}", f"ledger.account/{entry.pk}", f"x/{entry.pk}"):
        assert client.get(f"/t/acme/attachments/of/{subject}/attach/").status_code == 404


def test_orders_invoices_and_payments_have_the_section(shop, controller, accountant, client_for):
    order = dispatch(ordered(), actor=controller)
    settle()
    invoice, payment = Invoice.objects.get(order=order), Payment.objects.get()
    client = client_for(accountant)

    for subject_type, row in (
        ("sales.order", order),
        ("sales.invoice", invoice),
        ("payments.payment", payment),
    ):
        attached(row.pk, accountant, subject_type=subject_type, name=f"{row.pk} {subject_type}.pdf")
        text = client.get(f"/t/acme/{subject_type.replace('.', '/')}/{row.pk}/change/").content.decode()
        assert f"{row.pk} {subject_type}.pdf" in text
        assert "Attach file" in text
