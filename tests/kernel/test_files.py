"""The object store: one contract, kept by a folder and by S3; the second is a real server, spoken to over HTTP."""

from __future__ import annotations

import datetime as dt
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
from apps.kernel.files import FileIsMissing, FileNameNotAllowed, FileNotWritable, LinkNotValid, files
from apps.kernel.files.local import signed
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
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    requests.post(f"{s3}/moto-api/reset", timeout=5)
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


def test_keeps_what_it_was_given(either, at_acme):
    assert save() == INVOICE

    with files().open(INVOICE) as kept:
        assert kept.read() == b"%PDF"
    assert files().size(INVOICE) == 4
    assert abs(files().get_modified_time(INVOICE) - clock.now()) < dt.timedelta(minutes=1)
    assert files().listdir("invoices") == (["2026"], [])
    assert files().listdir("invoices/2026") == ([], ["INV-1.pdf"])
    assert files().listdir() == (["invoices"], [])


def test_text_is_kept_as_bytes(either, at_acme):
    files().save("exports/rows.csv", ContentFile("név,1\n"))

    assert files().open("exports/rows.csv").read() == "név,1\n".encode()


def test_what_is_packed_stays_packed(either, at_acme):
    save("exports/rows.jsonl.gz", b"\x1f\x8b packed")

    assert files().open("exports/rows.jsonl.gz").read() == b"\x1f\x8b packed"


def test_a_large_file_goes_through(either, at_acme):
    content = b"0123456789abcdef" * 2**16

    save("exports/large.bin", content)

    assert b"".join(files().open("exports/large.bin").chunks()) == content


def test_a_name_that_is_taken_is_never_overwritten(either, at_acme):
    save(content=b"first")

    other = save(content=b"second")

    assert other != INVOICE
    assert files().open(INVOICE).read() == b"first"
    assert files().open(other).read() == b"second"


def test_two_at_the_same_moment_both_keep_theirs(either, acme):
    together = Barrier(4)

    def keep(content: bytes) -> tuple[str, bytes]:
        with activate(acme):
            together.wait(10)
            return save(content=content), content

    with ThreadPoolExecutor(4) as pool:
        kept = dict(pool.map(keep, [b"a", b"b", b"c", b"d"]))

    assert len(kept) == 4
    with activate(acme):
        assert {name: files().open(name).read() for name in kept} == kept


def test_the_bucket_itself_refuses_what_appeared_since_it_was_asked(bucket, at_acme, monkeypatch):
    save(content=b"first")
    exists = storages["default"].inner.exists
    asked = iter([False, False])  # the answers of the moment before
    monkeypatch.setattr(storages["default"].inner, "exists", lambda name: next(asked, exists(name)))

    other = save(content=b"second")

    assert list(asked) == []
    assert other != INVOICE
    assert files().open(INVOICE).read() == b"first"


def test_what_is_deleted_is_gone(either, at_acme):
    save()

    files().delete(INVOICE)
    files().delete(INVOICE)  # and again: nothing

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

    keys = [each.key for each in storages["default"].inner.bucket.objects.all()]
    assert sorted(keys) == [f"platform/{INVOICE}", f"tenant-{acme.id}/{INVOICE}"]


@pytest.mark.parametrize(
    "odd",
    [
        *("", "/etc/passwd", "..", "../tenant-2/x", "tenant-2/../x", "a/../../b", "a/./b", "a//b", "a/"),
        *(".hidden", "~", "a ", "a\\b", "a\nb", "a\0b", "C:x", "%2e%2e/x", "a?b", "a#b", 'a"b', "é.pdf"),
        "x" * 401,
    ],
)
def test_an_odd_name_is_refused_everywhere(either, at_acme, odd):
    store = files()
    for ask in (store.open, store.exists, store.delete, store.size, store.url, save, store.get_modified_time):
        with pytest.raises(FileNameNotAllowed):
            ask(odd)
    if odd:
        with pytest.raises(FileNameNotAllowed):
            store.listdir(odd)


def test_what_is_not_there_is_a_refusal(either, at_acme):
    for ask in (files().open, files().size):
        with pytest.raises(FileIsMissing):
            ask("invoices/none.pdf").read()


def test_a_file_is_not_written_in_place(either, at_acme):
    save()

    with pytest.raises(FileNotWritable):
        files().open(INVOICE, "wb")
    with pytest.raises(NotImplementedError):
        files().path(INVOICE)


def test_a_link_of_the_folder_hands_the_file_over(acme):
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


def test_a_link_is_good_at_its_tenants_address_only(acme, globex):
    for tenant in (acme, globex):
        with activate(tenant):
            save()
    with activate(acme):
        link = files().url(INVOICE)

    assert Client().get(f"/t/globex{link}").status_code == 403
    assert Client(headers={"host": "globex.localhost"}).get(link).status_code == 403
    assert Client().get(link).status_code == 403


def test_a_link_grows_old(at_acme):
    save()
    token = files().url(INVOICE, expire=60).rsplit("/", 1)[-1]

    assert signed(token) == INVOICE
    with clock.moved_to(clock.now() + dt.timedelta(seconds=61)), pytest.raises(LinkNotValid):
        signed(token)


def test_a_link_is_not_made_by_hand(at_acme):
    token = files().url(INVOICE).rsplit("/", 1)[-1]

    for forged in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x" + token, "nonsense", ":"):
        with pytest.raises(LinkNotValid):
            signed(forged)


def test_a_link_to_the_bucket_is_signed_and_downloads(bucket, at_acme):
    save()

    link = files().url(INVOICE, expire=120)
    response = requests.get(link, timeout=5)

    assert "X-Amz-Signature=" in link
    assert "X-Amz-Expires=120" in link
    assert f"/tenant-{at_acme.id}/{INVOICE}?" in link
    assert response.content == b"%PDF"
    assert response.headers["content-disposition"] == 'attachment; filename="INV-1.pdf"'


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment, to be written by the test."""
    for name in ("FILES_URL", "FILESYSTEM_DISK", "AWS_BUCKET", "AWS_ENDPOINT", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    env.cache_clear()
    yield monkeypatch
    env.cache_clear()


def test_a_folder_by_default(known):
    assert store(env())["BACKEND"] == LOCAL


def test_the_url_says_which_store(known):
    known.setenv("FILES_URL", "s3://invoices?endpoint=https://s3.example:9000&region=eu-central-1")

    options = {"bucket": "invoices", "endpoint": "https://s3.example:9000", "region": "eu-central-1"}
    assert store(env()) == {"BACKEND": S3, "OPTIONS": options}


def test_other_names_say_the_same(known):
    known.setenv("FILESYSTEM_DISK", "s3")
    known.setenv("AWS_BUCKET", "invoices")
    known.setenv("AWS_ENDPOINT", "https://s3.example")

    assert store(env()) == {
        "BACKEND": S3,
        "OPTIONS": {"bucket": "invoices", "endpoint": "https://s3.example"},
    }


@pytest.mark.parametrize("wrong", ["ftp://x", "s3://", "s3://b?public=yes", "file:here", "invoices"])
def test_a_url_that_is_none_is_refused_at_the_start(known, wrong):
    known.setenv("FILES_URL", wrong)

    with pytest.raises(ImproperlyConfigured):
        store(env())
