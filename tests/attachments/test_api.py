"""Attachments over the API."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.attachments.models import Attachment
from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel.files.store import files
from apps.kernel.tenant import activate
from tests.support.attaching import attached
from tests.support.responses import ClientResponse
from tests.support.shop import ordered
from tests.support.uploads import PDF, xlsx


@pytest.fixture
def api(client_for):
    """`api(user)`: a client of acme's API with the session of the console."""
    return lambda user, *tenant: Api(client_for(user, *tenant), tenant[0].slug if tenant else "acme")


class Api:
    def __init__(self, client: Client, slug: str) -> None:
        self.client, self.base = client, f"/t/{slug}/api/v1/attachments/"

    def get(self, path: str = "") -> ClientResponse:
        return self.client.get(self.base + path)

    def upload(self, path: str, content: bytes = PDF, name: str = "receipt.pdf", **headers: str) -> Any:
        file = SimpleUploadedFile(name, content)
        return self.client.post(self.base + path, {"file": file}, headers=headers)

    def remove(self, number: int, reason: str = "wrong") -> Any:
        path = f"{self.base}{number}/remove/"
        return self.client.post(path, {"reason": reason}, content_type="application/json")


def codes(response: Any) -> list[str]:
    return [error["code"] for error in response.json()["errors"]]


def test_an_upload_is_listed_downloaded_and_removed(entry, accountant, api):
    client = api(accountant)

    created = client.upload(f"ledger.entry/{entry.pk}/")
    assert created.status_code == 201, created.content
    number = created.json()["id"]
    listed = client.get(f"?subject_type=ledger.entry&subject_id={entry.pk}").json()["results"]
    content = client.get(f"{number}/content/")
    removed = client.remove(number)

    assert [row["name"] for row in listed] == ["receipt.pdf"]
    assert "storage_key" not in listed[0]
    assert b"".join(content) == PDF
    assert (removed.status_code, removed.json()["removal_reason"]) == (200, "wrong")
    assert client.get(f"{number}/content/").status_code == 404
    assert client.get(f"{number}/").json()["sha256"] == created.json()["sha256"]


def test_a_download_is_an_attachment_in_a_sandbox(entry, accountant, api):
    number = attached(entry.pk, accountant, name="Rechnung März.pdf").pk

    response = api(accountant).get(f"{number}/content/")

    assert response.streaming
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{quote('Rechnung März.pdf')}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"].startswith("sandbox")
    assert response["Content-Type"] == "application/pdf"
    assert b"".join(response) == PDF


@pytest.mark.parametrize("name", ['a"b.pdf', "a;b.pdf", "a'b%0d%0a.pdf"])
def test_a_name_cannot_end_the_header_of_a_download(entry, accountant, api, name):
    client = api(accountant)
    created = client.upload(f"ledger.entry/{entry.pk}/", name=name)
    if created.status_code != 201:
        assert codes(created) == ["kernel.upload_name_not_allowed"]
        return

    header = client.get(f"{created.json()['id']}/content/")["Content-Disposition"]

    assert header.startswith(('attachment; filename="', "attachment; filename*=utf-8''"))
    assert header.count('"') in (0, 2)


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("a.html", b"<html>", 422, "kernel.upload_type_not_allowed"),
        ("a.pdf", b"<html>", 422, "kernel.upload_type_mismatch"),
        ("a.txt", b"<html>", 422, "kernel.upload_is_active"),
        ("pdf", PDF, 422, "kernel.upload_name_not_allowed"),
        ("a.txt", b"", 422, "kernel.upload_is_empty"),
        ("a.txt", b"x" * 2_000, 413, "kernel.upload_too_large"),
    ],
)
def test_a_refused_upload_has_a_stable_code_and_stores_nothing(
    entry, accountant, api, settings, name, content, status, code
):
    settings.UPLOAD_MAX_BYTES = 1_000

    response = api(accountant).upload(f"ledger.entry/{entry.pk}/", content, name)

    assert (response.status_code, codes(response)) == (status, [code])
    assert files().listdir("attachments")[1] == []
    assert not Attachment.objects.exists()


def test_a_request_without_a_file_is_refused(entry, accountant, api):
    client = api(accountant)

    response = client.client.post(f"{client.base}ledger.entry/{entry.pk}/", {"other": "x"})

    assert (response.status_code, codes(response)) == (422, ["kernel.upload_missing"])


def test_a_repeated_request_attaches_once(entry, accountant, api):
    client = api(accountant)
    key = {"Idempotency-Key": "upload-1"}

    first = client.upload(f"ledger.entry/{entry.pk}/", **key)
    second = client.upload(f"ledger.entry/{entry.pk}/", **key)
    other = client.upload(f"ledger.entry/{entry.pk}/", PDF + b"\n", **key)

    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert (other.status_code, codes(other)) == (422, ["bus.key_reused"])
    assert len(files().listdir("attachments")[1]) == Attachment.objects.count() == 1


def test_a_document_is_attached(entry, accountant, api):
    created = api(accountant).upload(f"ledger.entry/{entry.pk}/", xlsx(), "sheet.xlsx")

    assert created.json()["media_type"].endswith("spreadsheetml.sheet")


def test_an_upload_that_was_a_temporary_file_is_attached_whole(entry, accountant, api):
    client = api(accountant)
    content = b"0123456789\n" * 300_000

    created = client.upload(f"ledger.entry/{entry.pk}/", content, "long.txt")

    assert b"".join(client.get(f"{created.json()['id']}/content/")) == content


def test_a_dry_run_stores_nothing(entry, accountant, api):
    response = api(accountant).upload(f"ledger.entry/{entry.pk}/?dry_run=true")

    assert response.json() == {"would_be_done": True, "refusals": []}
    assert files().listdir("attachments")[1] == []


def test_a_user_without_permission_gets_no_detail_of_the_upload(entry, auditor, api):
    response = api(auditor).upload(f"ledger.entry/{entry.pk}/", b"<html>", "a.html")

    assert (response.status_code, codes(response)) == (403, ["bus.permission_denied"])


def test_an_attachment_of_an_object_that_the_user_may_not_view_does_not_exist(
    entry, accountant, api, monkeypatch
):
    number = attached(entry.pk, accountant).pk
    client = api(accountant)
    allowed = User.has_perm
    monkeypatch.setattr(
        User,
        "has_perm",
        lambda user, permission, obj=None: (
            permission != "ledger.view_entry" and allowed(user, permission, obj)
        ),
    )

    for path in (f"{number}/", f"{number}/content/"):
        assert client.get(path).status_code == 404
    assert client.get().json()["results"] == []
    assert client.remove(number).status_code == 404
    assert client.upload(f"ledger.entry/{entry.pk}/").status_code == 404


def test_another_tenant_has_no_such_attachment(entry, accountant, globex, api):
    number = attached(entry.pk, accountant).pk
    with activate(globex):
        other = User.objects.get(email="accountant@globex.example")
    client = api(other, globex)

    assert client.get(f"{number}/").status_code == 404
    assert client.get(f"{number}/content/").status_code == 404
    assert client.remove(number).status_code == 404
    assert client.get().json()["results"] == []


def test_a_file_is_attached_to_an_order(shop, controller, accountant, api):
    order = dispatch(ordered(), actor=controller)

    response = api(accountant).upload(f"sales.order/{order.pk}/")

    assert (response.status_code, response.json()["subject_id"]) == (201, order.pk)
