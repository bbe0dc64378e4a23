"""The object store: one contract for a folder and for S3, the latter against a real server over HTTP."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import boto3
import pytest
import requests
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from moto.server import ThreadedMotoServer

from apps.kernel import clock
from apps.kernel.files.local import signed
from apps.kernel.files.store import FileIsMissing, FileNameNotAllowed, FileNotWritable, LinkNotValid, files
from apps.kernel.tenant import activate
from config.env import env
from config.settings._files import LOCAL, S3, store

INVOICE = "invoices/2026/INV-1.pdf"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The store is a fresh bucket during the test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    requests.post(f"{s3}/moto-api/reset", timeout=60)
    boto3.client("s3", endpoint_url=s3, region_name="us-east-1").create_bucket(Bucket="bursar")
    options = {"bucket": "bursar", "endpoint": s3, "region": "us-east-1"}
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": S3, "OPTIONS": options}}
    return "bursar"


@pytest.fixture(params=["folder", "s3"])
def either(request: pytest.FixtureRequest, db: None) -> str:
    """The test runs with both stores."""
    if request.param == "s3":
        request.getfixturevalue("bucket")
    return str(request.param)


def save(name: str = INVOICE, content: bytes = b"%PDF") -> str:
    return files().save(name, ContentFile(content))


def test_a_saved_file_is_readable(either, at_acme):
    assert save() == INVOICE

    with files().open(INVOICE) as file:
        assert file.read() == b"%PDF"
    assert files().size(INVOICE) == 4
    assert abs(files().get_modified_time(INVOICE) - clock.now()) < dt.timedelta(minutes=1)
    assert files().listdir("invoices") == (["2026"], [])
    assert files().listdir("invoices/2026") == ([], ["INV-1.pdf"])
    assert files().listdir() == (["invoices"], [])


def test_text_is_stored_as_bytes(either, at_acme):
    files().save("exports/rows.csv", ContentFile("név,1\n"))

    assert files().open("exports/rows.csv").read() == "név,1\n".encode()


def test_a_compressed_file_is_not_decompressed(either, at_acme):
    save("exports/rows.jsonl.gz", b"\x1f\x8b packed")

    assert files().open("exports/rows.jsonl.gz").read() == b"\x1f\x8b packed"


def test_a_large_file_is_stored_whole(either, at_acme):
    content = b"0123456789abcdef" * 2**16

    save("exports/large.bin", content)

    assert b"".join(files().open("exports/large.bin").chunks()) == content


def test_a_file_of_the_same_name_is_never_overwritten(either, at_acme):
    save(content=b"first")

    other = save(content=b"second")

    assert other != INVOICE
    assert files().open(INVOICE).read() == b"first"
    assert files().open(other).read() == b"second"


def test_concurrent_saves_of_one_name_do_not_overwrite_each_other(either, acme):
    together = Barrier(4)

    def save_together(content: bytes) -> tuple[str, bytes]:
        with activate(acme):
            together.wait(10)
            return save(content=content), content

    with ThreadPoolExecutor(4) as pool:
        saved = dict(pool.map(save_together, [b"a", b"b", b"c", b"d"]))

    assert len(saved) == 4
    with activate(acme):
        assert {name: files().open(name).read() for name in saved} == saved


def test_the_bucket_refuses_a_name_taken_since_the_check(bucket, at_acme, monkeypatch):
    save(content=b"first")
    exists = storages["default"].inner.exists
    stale_checks = iter([False, False])  # from before the first save
    monkeypatch.setattr(storages["default"].inner, "exists", lambda name: next(stale_checks, exists(name)))

    other = save(content=b"second")

    assert list(stale_checks) == []
    assert other != INVOICE
    assert files().open(INVOICE).read() == b"first"


def test_a_deleted_file_is_gone(either, at_acme):
    save()

    files().delete(INVOICE)
    files().delete(INVOICE)  # repeated, without effect

    assert not files().exists(INVOICE)
    assert files().listdir("invoices/2026") == ([], [])


def test_each_tenant_sees_its_own_files_only(either, acme, globex):
    with activate(acme):
        save(content=b"acme's")
    with activate(globex):
        assert not files().exists(INVOICE)
        assert files().listdir() == ([], [])
        assert save(content=b"globex's") == INVOICE
    save(content=b"the platform's")

    with activate(acme):
        assert files().open(INVOICE).read() == b"acme's"
    assert files().open(INVOICE).read() == b"the platform's"


def test_names_in_the_store_begin_with_their_owner(bucket, acme):
    save()
    with activate(acme):
        save()

    keys = [item.key for item in storages["default"].inner.bucket.objects.all()]
    assert sorted(keys) == [f"platform/{INVOICE}", f"tenant-{acme.id}/{INVOICE}"]


@pytest.mark.parametrize(
    "odd",
    [
        *("", "/etc/passwd", "..", "../tenant-2/x", "tenant-2/../x", "a/../../b", "a/./b", "a//b", "a/"),
        *(".hidden", "~", "a ", "a\\b", "a\nb", "a\0b", "C:x", "%2e%2e/x", "a?b", "a#b", 'a"b', "é.pdf"),
        "x" * 401,
    ],
)
def test_an_invalid_name_is_refused_by_every_operation(either, at_acme, odd):
    store = files()
    for operation in (
        store.open,
        store.exists,
        store.delete,
        store.size,
        store.url,
        save,
        store.get_modified_time,
    ):
        with pytest.raises(FileNameNotAllowed):
            operation(odd)
    if odd:
        with pytest.raises(FileNameNotAllowed):
            store.listdir(odd)


def test_a_missing_file_is_refused(either, at_acme):
    for operation in (files().open, files().size):
        with pytest.raises(FileIsMissing):
            operation("invoices/none.pdf").read()


def test_a_file_is_not_written_in_place(either, at_acme):
    save()

    with pytest.raises(FileNotWritable):
        files().open(INVOICE, "wb")
    with pytest.raises(NotImplementedError):
        files().path(INVOICE)


def test_a_link_to_the_folder_downloads_the_file(acme):
    with activate(acme):
        save(content=b"<script>")
        link = files().url(INVOICE)

    response = Client().get(f"/t/acme{link}")

    assert response.status_code == 200
    assert b"".join(response.streaming_content) == b"<script>"
    assert response["Content-Disposition"] == 'attachment; filename="INV-1.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"
    assert Client(headers={"host": "acme.localhost"}).get(link).status_code == 200


def test_a_link_is_valid_at_the_address_of_its_tenant_only(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            save()
    with activate(acme):
        link = files().url(INVOICE)

    assert Client().get(f"/t/globex{link}").status_code == 403
    assert Client(headers={"host": "globex.localhost"}).get(link).status_code == 403
    assert Client().get(link).status_code == 403


def test_a_link_expires(at_acme):
    save()
    token = files().url(INVOICE, expire=60).rsplit("/", 1)[-1]

    assert signed(token) == INVOICE
    with clock.moved_to(clock.now() + dt.timedelta(seconds=61)), pytest.raises(LinkNotValid):
        signed(token)


def test_a_forged_link_is_refused(at_acme):
    token = files().url(INVOICE).rsplit("/", 1)[-1]

    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x" + token, "nonsense", ":"):
        with pytest.raises(LinkNotValid):
            signed(forged)


def test_a_link_to_the_bucket_is_signed_and_downloads(bucket, at_acme):
    save()

    link = files().url(INVOICE, expire=120)
    response = requests.get(link, timeout=60)

    assert "X-Amz-Signature=" in link
    assert "X-Amz-Expires=120" in link
    assert f"/tenant-{at_acme.id}/{INVOICE}?" in link
    assert response.content == b"%PDF"
    assert response.headers["content-disposition"] == 'attachment; filename="INV-1.pdf"'


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment without a file store, for the test to fill."""
    for name in ("FILES_URL", "FILESYSTEM_DISK", *(name for name in os.environ if name.startswith("AWS_"))):
        monkeypatch.delenv(name, raising=False)
    env.cache_clear()
    yield monkeypatch
    env.cache_clear()


def test_the_store_is_a_folder_by_default(known):
    assert store(env())["BACKEND"] == LOCAL


def test_the_url_names_the_store(known):
    known.setenv("FILES_URL", "s3://invoices?endpoint=https://s3.example:9000&region=eu-central-1")

    options = {"bucket": "invoices", "endpoint": "https://s3.example:9000", "region": "eu-central-1"}
    assert store(env()) == {"BACKEND": S3, "OPTIONS": options}


def test_the_aws_variables_name_the_store_too(known):
    known.setenv("FILESYSTEM_DISK", "s3")
    known.setenv("AWS_BUCKET", "invoices")
    known.setenv("AWS_ENDPOINT", "https://s3.example")

    assert store(env()) == {
        "BACKEND": S3,
        "OPTIONS": {"bucket": "invoices", "endpoint": "https://s3.example"},
    }


def test_the_credentials_of_the_bucket_may_be_in_a_file(known, tmp_path):
    (tmp_path / "secret").write_text("wJalrXUtnFEMI\n")
    known.setenv("FILES_URL", "s3://invoices")
    known.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    known.setenv("AWS_SECRET_ACCESS_KEY_FILE", str(tmp_path / "secret"))

    credentials = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "wJalrXUtnFEMI"}
    assert store(env())["OPTIONS"] == {"bucket": "invoices"} | credentials


@pytest.mark.parametrize("wrong", ["ftp://x", "s3://", "s3://b?public=yes", "file:here", "invoices"])
def test_an_invalid_url_is_refused_at_startup(known, wrong):
    known.setenv("FILES_URL", wrong)

    with pytest.raises(ImproperlyConfigured):
        store(env())
