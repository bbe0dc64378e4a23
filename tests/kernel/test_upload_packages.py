"""Uploads of documents that are ZIP packages: what is refused by their entries and their layout."""

from __future__ import annotations

import io
import zipfile
import zlib
from random import Random
from types import SimpleNamespace

import pytest

from apps.kernel.uploads import packages
from apps.kernel.uploads.errors import UploadDocumentNotAllowed, UploadTypeMismatch
from apps.kernel.uploads.receiving import Upload, receive
from tests.support.uploads import ods, xlsx, zipped


def received(name: str, content: bytes) -> Upload:
    return receive(name, io.BytesIO(content))


@pytest.mark.parametrize(
    "entry",
    [
        "xl/vbaProject.bin",
        "xl/macrosheets/sheet1.xml",
        "xl/activeX/activeX1.bin",
        "xl/embeddings/oleObject1.bin",
        "xl/run.exe",
        "xl/page.html",
        "xl/data.bin",
        "../../etc/cron.xml",
        "/etc/cron.xml",
        "xl\\..\\a.xml",
    ],
)
def test_a_document_with_macros_programs_or_paths_is_refused(entry):
    with pytest.raises(UploadDocumentNotAllowed):
        received("a.xlsx", xlsx({entry: b"x"}))


def test_a_document_with_macros_by_its_content_types_is_refused():
    with pytest.raises(UploadDocumentNotAllowed):
        received(
            "a.xlsx",
            xlsx(types='<Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/>'),
        )


def test_a_document_with_printer_settings_is_accepted():
    assert received("a.xlsx", xlsx({"xl/printerSettings/printerSettings1.bin": b"x"})).size


def test_an_open_document_with_basic_macros_is_refused():
    with pytest.raises(UploadDocumentNotAllowed):
        received("a.ods", ods({"Basic/Standard/Module1.xml": b"<m/>"}))


def test_a_package_bomb_is_refused_without_extracting_it():
    with pytest.raises(UploadDocumentNotAllowed, match="too large when extracted"):
        received("a.xlsx", xlsx({"xl/big.xml": bytes(3_000_000)}))


def streamed(entries: dict[str, bytes]) -> bytes:
    """A package as programs write it that cannot seek: the sizes follow the data."""
    to = io.BytesIO()
    stream = SimpleNamespace(write=to.write, flush=to.flush)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return to.getvalue()


def entries_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def test_a_document_whose_sizes_follow_the_data_is_accepted():
    content = streamed(entries_of(xlsx()))

    assert b"PK\x07\x08" in content
    assert received("a.xlsx", content).size == len(content)


def between_entries(content: bytes, smuggled: bytes) -> bytes:
    """The package with other bytes between its entries and its directory, which states the new offset."""
    start = int.from_bytes(content[-6:-2], "little")
    offset = (start + len(smuggled)).to_bytes(4, "little")
    return content[:start] + smuggled + content[start:-6] + offset + content[-2:]


def test_a_document_with_other_bytes_between_its_entries_is_refused():
    for content in (
        between_entries(xlsx(), b"MZ a program"),
        between_entries(xlsx(), zipped({"run.exe": b"x"})[:-22]),
        between_entries(ods(), b"\0"),
    ):
        name = "a.ods" if b"mimetype" in content else "a.xlsx"
        with pytest.raises(UploadDocumentNotAllowed, match="other data between its entries"):
            received(name, content)


def test_an_entry_that_extracts_to_another_size_than_its_stated_one_is_refused():
    content = xlsx({"xl/a.xml": b"a" * 1_000})
    stated, less = (1_000).to_bytes(4, "little"), (999).to_bytes(4, "little")
    checksums = [zlib.crc32(b"a" * size).to_bytes(4, "little") for size in (1_000, 999)]
    smaller = content.replace(stated, less).replace(*checksums)
    assert entries_of(smaller)["xl/a.xml"] == b"a" * 999

    with pytest.raises(UploadDocumentNotAllowed, match="an entry is damaged"):
        received("a.xlsx", smaller)


def test_a_document_with_bytes_behind_the_data_of_an_entry_is_refused():
    """The bytes count as data of the entry, and no reader extracts them."""
    deflation = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = deflation.compress(b"<a/>") + deflation.flush()
    content = xlsx({"xl/a.xml": b"<a/>"})
    start = int.from_bytes(content[-6:-2], "little")
    header, entry = content.rindex(b"PK\x03\x04", 0, start), content.rindex(b"PK\x01\x02")
    longer = bytearray(between_entries(content, b"MZ"))
    assert content[start - len(data) : start] == data
    for size_at in (header + 18, entry + 2 + 20):
        longer[size_at : size_at + 4] = (len(data) + 2).to_bytes(4, "little")
    assert entries_of(bytes(longer))["xl/a.xml"] == b"<a/>"

    with pytest.raises(UploadDocumentNotAllowed, match="an entry is damaged"):
        received("a.xlsx", bytes(longer))


@pytest.mark.parametrize(
    "types",
    [
        '<Override ContentType="application/vnd.ms-excel.sheet.macro&#69;nabled.main+xml"/>',
        '<!DOCTYPE a [<!ENTITY e "macro">]>',
        " " * 1_000_000,
        "\0",
    ],
    ids=["escaped", "entity", "longer than read", "other encoding"],
)
def test_a_document_with_unusual_content_types_is_refused(types):
    with pytest.raises(UploadDocumentNotAllowed, match="unusual way"):
        received("a.xlsx", xlsx({f"xl/{n}.xml": Random(n).randbytes(9_000) for n in range(2)}, types=types))


def test_a_document_with_two_entries_of_one_name_in_other_letters_is_refused():
    with pytest.raises(UploadDocumentNotAllowed, match="two of one name"):
        received("a.xlsx", xlsx({"[content_types].xml": b"<Types/>"}))


def test_a_directory_larger_than_the_limit_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(packages, "MAX_DIRECTORY_BYTES", 100)

    with pytest.raises(UploadTypeMismatch):
        received("a.xlsx", xlsx())


def test_a_package_of_another_kind_is_refused():
    for content in (zipped({"a.xml": b"<a/>"}), b"PK\x03\x04" + bytes(100)):
        with pytest.raises(UploadTypeMismatch):
            received("a.xlsx", content)
