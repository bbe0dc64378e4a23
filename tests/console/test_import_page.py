"""The page that imports a journal: upload, preview, import, result."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.bus import dispatch
from apps.jobs import running
from apps.ledger.admin import import_form
from apps.ledger.import_models import JournalImport, StagedEntry
from apps.ledger.models import Account, Entry
from tests.support.books import JAN_9, YEAR
from tests.support.imports import HEADER, journal

PAGE = "/t/acme/ledger/import/"
N1 = (f"N1,{JAN_9},Cabs,<b>ride</b>,1,Rent,USD,18.00", f"N1,{JAN_9},Cabs,<b>ride</b>,2,Cash,USD,-18.00")


@pytest.fixture
def client(client_for, controller, chart):
    return client_for(controller)


def file(*rows, name="july.csv", header=HEADER):
    return SimpleUploadedFile(name, "\n".join([header, *rows]).encode())


def hidden(response):
    """The hidden fields of the form, as a browser sends them."""
    html = response.content.decode()
    form = html[html.index('id="import-journal"') :]
    fields = re.findall(
        r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?', form[: form.index("</form>")]
    )
    return {name: unescape(value) for name, value in fields}


def test_a_file_is_previewed_then_imported_from_the_preview(client):
    preview = client.post(PAGE, {"journal_file": file(*N1), "preview": ""})
    before = Entry.objects.count(), JournalImport.objects.count()
    result = client.post(PAGE, {**hidden(preview), "import": ""}, follow=True)
    record = JournalImport.objects.get()
    running.run_slice(record.job_id)
    known = client.post(PAGE, {"journal_file": file(*N1), "preview": ""})

    text = preview.content.decode()
    assert "Preview of july.csv" in text
    assert "&lt;b&gt;ride" in text
    assert (before, record.name, Entry.objects.posted().count()) == ((0, 0), "july.csv", 1)
    assert result.redirect_chain[-1][0] == f"/t/acme/ledger/journalimport/{record.pk}/change/"
    assert "The import of july.csv has started." in result.content.decode()
    assert "in the books" in known.content.decode()
    assert "1 of 1 entries posted or discarded" in client.get(result.redirect_chain[-1][0]).content.decode()


def test_a_button_pressed_twice_imports_once(client):
    fields = hidden(client.post(PAGE, {"journal_file": file(*N1), "preview": ""}))

    addresses = [client.post(PAGE, {**fields, "import": ""}).url for _ in range(2)]

    assert (len({*addresses}), JournalImport.objects.count()) == (1, 1)


def test_refused_rows_are_a_table_without_a_button_to_import(client):
    distant = N1[0].replace(str(YEAR), "2206")
    malformed = client.post(PAGE, {"journal_file": file(N1[0], N1[0], distant), "preview": ""})
    refused = client.post(
        PAGE, {"journal_file": file(distant, N1[1].replace(str(YEAR), "2206")), "preview": ""}
    )
    forced = client.post(PAGE, {**hidden(refused), "import": ""})
    ticked = client.post(PAGE, {**hidden(refused), "allow_distant_years": "on", "preview": ""})

    cells = re.findall(
        r"<th scope=\"row\">(\d+)</th><td>(\w+)</td><td>([^<]+)</td>", malformed.content.decode()
    )
    assert [unescape(" ".join(row)) for row in cells] == ["4 date entry N1 has another date in row 2"]
    assert 'name="import"' not in malformed.content.decode() + refused.content.decode()
    assert (malformed.status_code, refused.status_code, forced.status_code) == (422, 422, 422)
    assert "ledger.import_days_distant" in forced.content.decode()
    assert 'name="import"' in ticked.content.decode()
    assert f"180 ({YEAR + 1}–2206)" in ticked.content.decode()
    assert not JournalImport.objects.exists()


def test_a_missing_or_too_large_file_is_refused_beside_its_field(client, monkeypatch):
    monkeypatch.setattr(import_form, "MAX_BYTES", 50)

    missing = client.post(PAGE, {"preview": ""}).content.decode()
    large = client.post(PAGE, {"journal_file": file(*N1), "preview": ""}).content.decode()

    assert "Choose a file." in missing
    assert "50 are allowed here" in large


def test_the_template_is_importable_with_missing_accounts(client):
    response = client.get(f"{PAGE}template/")
    upload = SimpleUploadedFile("t.csv", response.content)
    preview = client.post(PAGE, {"journal_file": upload, "create_accounts": "on", "preview": ""})

    assert response["Content-Disposition"] == 'attachment; filename="journal-template.csv"'
    assert next(csv.reader(io.StringIO(response.content.decode()))) == HEADER.split(",")
    assert (preview.status_code, "Assets:Bank" in preview.content.decode()) == (200, True)
    assert not Account.objects.filter(name="Assets:Bank").exists()


def test_a_chart_of_accounts_is_carried_from_the_preview_to_the_import(client):
    accounts = file("77,Meals,expense", name="accounts.csv", header="code,name,type")
    rows = [row.replace("Rent", "Meals") for row in N1]
    preview = client.post(PAGE, {"journal_file": file(*rows), "accounts_file": accounts, "preview": ""})
    client.post(PAGE, {**hidden(preview), "import": ""})

    assert Account.objects.get(name="Meals").code == "77"


def test_the_rest_of_an_import_is_discarded_from_its_page(client, client_for, controller, accountant):
    record = dispatch(journal(*N1), actor=controller)
    page = f"/t/acme/ledger/journalimport/{record.pk}/change/"

    before = client.get(page).content.decode()
    discarded = client.post(f"/t/acme/ledger/import/{record.pk}/discard/", {"reason": "Wrong"}, follow=True)

    assert f"/t/acme/ledger/import/{record.pk}/discard/" in before
    assert "data-refresh" in before
    assert "Discard the rest" not in discarded.content.decode()
    assert not StagedEntry.objects.exists()
    assert client.get("/t/acme/ledger/import/9999/discard/").status_code == 404
    other = client_for(accountant)
    assert [other.get(address).status_code for address in (page, PAGE)] == [200, 403]


def test_the_api_imports_lists_and_discards(api, chart, controller):
    body = {"name": "a.csv", "journal": "\n".join([HEADER, *N1])}
    dry = api(controller).post("ledger/journal-imports/?dry_run=true", {**body, "journal": HEADER})
    started = api(controller).post("ledger/journal-imports/", body)
    listed = api(controller).get("ledger/journal-imports/").json()
    address = f"ledger/journal-imports/{started.json()['id']}/"
    discarded = api(controller).post(f"{address}discard/", {"reason": "Wrong"})

    assert dry.json()["refusals"][0]["detail"].endswith("row 1: there is no entry below the header")
    assert (started.status_code, started.json()["waiting"]) == (202, 1)
    assert [row["name"] for row in listed["results"]] == ["a.csv"]
    assert (discarded.status_code, api(controller).get(address).json()["waiting"]) == (200, 0)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("july.csv", b"<script>alert(1)</script>", "kernel.upload_is_active"),
        ("july.pdf", b"%PDF-1.4", "kernel.upload_type_not_allowed"),
        ("july.csv", b"PK\x03\x04\0\0", "kernel.upload_type_mismatch"),
    ],
)
def test_a_file_that_is_no_text_is_refused_as_any_upload(client, name, content, code):
    response = client.post(PAGE, {"journal_file": SimpleUploadedFile(name, content), "preview": ""})

    assert (response.status_code, code in response.content.decode()) == (422, True)
