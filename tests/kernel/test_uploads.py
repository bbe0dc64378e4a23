"""Uploads: name, size, type by content, and what is refused."""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from apps.kernel.errors import Refusal
from apps.kernel.uploads import images
from apps.kernel.uploads.errors import (
    UploadDocumentNotAllowed,
    UploadIsActive,
    UploadIsEmpty,
    UploadIsMixed,
    UploadNameNotAllowed,
    UploadTooLarge,
    UploadTypeMismatch,
    UploadTypeNotAllowed,
)
from apps.kernel.uploads.names import upload_name
from apps.kernel.uploads.receiving import Upload, receive
from apps.kernel.uploads.types import CSV
from tests.support import uploads
from tests.support.uploads import GIF, JPEG, PDF, WEBP, png, xlsx, zipped


def received(name: str, content: bytes) -> Upload:
    return receive(name, io.BytesIO(content))


# Names


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Receipt 9.PDF", "Receipt 9.pdf"),
        ("  Rechnung\u00a0Ma\u0308rz.pdf ", "Rechnung März.pdf"),
        ("a\u200bb\u202e.tar.pdf", "ab.tar.pdf"),
    ],
)
def test_a_name_has_one_normal_form(name, normal):
    assert upload_name(name) == normal


@pytest.mark.parametrize(
    "name",
    [
        "../a.pdf",
        "a/b.pdf",
        "C:\\a.pdf",
        "a\n.pdf",
        "a\0.pdf",
        "a\x7f.pdf",
        "a\u2028.pdf",
        "\ud800.pdf",
        'a".pdf',
        "pdf",
        ".pdf",
        ".a.pdf",
        "a.",
        "..pdf",
        "a. pdf",
        "a" * 117 + ".pdf",
        "",
    ],
)
def test_a_name_with_a_path_or_control_characters_or_without_extension_is_refused(name):
    with pytest.raises(UploadNameNotAllowed):
        upload_name(name)


# Types


@pytest.mark.parametrize("name", uploads.ACCEPTED)
def test_a_file_of_an_accepted_type_has_media_type_size_and_checksum(name):
    content, media_type = uploads.ACCEPTED[name]

    upload = received(name, content)

    assert (upload.media_type, upload.size) == (media_type, len(content))
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.content.read() == content


@pytest.mark.parametrize("name", uploads.ACCEPTED)
def test_content_of_another_type_than_the_extension_is_refused(name):
    others = [content for content, kind in uploads.ACCEPTED.values() if kind != uploads.ACCEPTED[name][1]]
    if name.endswith((".txt", ".csv")):
        others = [other for other in others if b"\0" in other]
    for other in others:
        with pytest.raises((UploadTypeMismatch, UploadIsMixed)):
            received(name, other)


@pytest.mark.parametrize(
    "name", ["a.html", "a.svg", "a.js", "a.exe", "a.xlsm", "a.xls", "a.zip", "a.pdf.exe"]
)
def test_a_type_outside_of_the_list_is_refused(name):
    with pytest.raises(UploadTypeNotAllowed, match="pdf, png"):
        received(name, PDF)


def test_a_type_outside_of_those_of_the_caller_is_refused():
    with pytest.raises(UploadTypeNotAllowed, match="Accepted types: csv"):
        receive("a.pdf", io.BytesIO(PDF), (CSV,))


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><p>",
        b"a,b\n<ScRiPt>alert(1)</script>",
        b"  <svg onload=alert(1)>",
        b"#!/bin/sh\n",
        b"<?xml version='1.0'?>",
        b"x" * (256 * 1024 - 3) + b"<script>",
    ],
    ids=["page", "script", "svg", "shell", "xml", "across chunks"],
)
def test_a_page_or_script_as_text_is_refused(content):
    for name in ("a.txt", "a.csv"):
        with pytest.raises(UploadIsActive):
            received(name, content)


def test_a_script_in_a_document_or_image_is_refused():
    comment = b"\xff\xfe\x00\x0a<script>"
    for name, content in (
        ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript>>")),
        ("a.jpg", JPEG.replace(b"\xff\xd9", comment + b"\xff\xd9")),
        ("a.jpg", JPEG.replace(b"\xff\xd9", b"<?php \xff\xd9")),
    ):
        with pytest.raises(UploadIsActive):
            received(name, content)


@pytest.mark.parametrize(
    "part",
    [
        b"/S/J#61vaScript",
        b"/S/" + b"".join(b"#%02x" % byte for byte in b"JavaScript"),
        b"/S/L#61unch",
        b"/S/Rendition",
        b"/JS (app.alert(1))",
        b"/JS\n(\xfe\xff\x00a)",
        b"/J#53 <6170702e>",
        b"/JS 12 0 R",
        b"/Subtype/RichMedia",
    ],
)
def test_an_active_part_of_a_pdf_is_refused_in_any_spelling_and_across_chunks(part):
    for padding in (b"", b"x" * (256 * 1024 - len(PDF) // 2 - 12)):
        content = PDF.replace(b"/Catalog", b"/Catalog " + padding + part)
        with pytest.raises(UploadIsActive):
            received("a.pdf", content)


def test_an_invoice_with_an_embedded_xml_file_is_accepted():
    content = PDF.replace(b"/Catalog", b"/Catalog /Names<</EmbeddedFiles 3 0 R>>")

    assert received("invoice.pdf", content).media_type == "application/pdf"


def test_compressed_data_of_a_pdf_that_contain_the_name_js_by_chance_are_accepted():
    for part in (b"/JS\x91\x07", b"/JS(\x91\x07", b"/JSON (a)", b"/JavaScripts", b"#4a#zz"):
        assert received("a.pdf", PDF.replace(b"/Catalog", b"/Catalog " + part)).size


@pytest.mark.parametrize("text", [b"MZN;100\n", b"MZ", b"MZN,USD\n63.5,1\n"])
def test_a_text_that_begins_with_the_letters_of_a_program_is_accepted(text):
    for name in ("a.csv", "a.txt"):
        assert received(name, text).size == len(text)


def test_an_image_of_more_blocks_than_the_limit_is_refused():
    blocks = images.MAX_BLOCKS
    for name, content in (
        ("a.gif", GIF[:-1] + b"\x21\xfe" + b"\x01x" * blocks + b"\x00\x3b"),
        ("a.gif", GIF[:-1] + b"\x21\xfe\x00" * (blocks + 1) + b"\x3b"),
        ("a.png", png()[:-12] + (bytes(4) + b"IDAT" + bytes(4)) * blocks + png()[-12:]),
    ):
        with pytest.raises(UploadDocumentNotAllowed, match="more than 200,000 blocks"):
            received(name, content)
    assert received("a.gif", GIF[:-1] + b"\x21\xfe" + b"\x01x" * 1_000 + b"\x00\x3b").size


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.png", png()), ("a.gif", GIF), ("a.webp", WEBP), ("a.jpg", JPEG), ("a.pdf", PDF), ("a.xlsx", xlsx())],
)
def test_a_file_with_a_package_behind_it_is_refused(name, content):
    with pytest.raises((UploadIsMixed, UploadTypeMismatch)):
        received(name, content + zipped({"a.txt": b"a"}))


def test_a_document_in_front_of_a_package_is_refused():
    for content in (GIF + xlsx(), PDF + xlsx(), b"MZ" + xlsx()):
        with pytest.raises(UploadTypeMismatch):
            received("a.xlsx", content)


def test_a_package_whose_first_entry_is_a_pdf_is_refused():
    with pytest.raises(UploadIsMixed):
        received("a.xlsx", zipped({"a.xml": PDF}, compression=zipfile.ZIP_STORED))


# Any content


@pytest.mark.parametrize("name", uploads.ACCEPTED)
def test_a_damaged_file_is_accepted_or_refused_without_an_error(name):
    content, random = uploads.ACCEPTED[name][0], Random(name)
    for _ in range(200):
        damaged = bytearray(content[: random.randint(1, len(content))] if random.random() < 0.3 else content)
        for _ in range(random.randint(1, 4)):
            damaged[random.randrange(len(damaged))] = random.randrange(256)
        with suppress(Refusal):
            received(name, bytes(damaged))


# Size


def test_an_empty_file_is_refused():
    with pytest.raises(UploadIsEmpty):
        received("a.txt", b"")


def test_a_file_of_exactly_the_limit_is_accepted_and_one_byte_more_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 100
    assert received("a.txt", b"x" * 100).size == 100

    with pytest.raises(UploadTooLarge) as refusal:
        received("a.txt", b"x" * 101)
    assert (refusal.value.status, refusal.value.code) == (413, "kernel.upload_too_large")


class CountedStream(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk


def request_with(files: dict[str, Any]) -> tuple[WSGIRequest, CountedStream]:
    body = encode_multipart(BOUNDARY, files)
    stream = CountedStream(body)
    head = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": MULTIPART_CONTENT, "CONTENT_LENGTH": str(len(body))}
    environ = {**RequestFactory().get("/").environ, **head, "wsgi.input": stream}
    return WSGIRequest(environ), stream


def test_an_upload_beyond_the_limit_ends_while_it_streams_in(settings):
    settings.UPLOAD_MAX_BYTES = 1_000_000
    request, stream = request_with({"file": SimpleUploadedFile("a.txt", b"x" * 10_000_000)})

    with pytest.raises(UploadTooLarge):
        _ = request.FILES

    assert stream.taken < 1_300_000


def test_the_files_of_a_request_count_together(settings):
    settings.UPLOAD_MAX_BYTES = 1_000_000
    small = {f"file{number}": SimpleUploadedFile("a.txt", b"x" * 400_000) for number in range(3)}
    request, _ = request_with(small)

    with pytest.raises(UploadTooLarge):
        _ = request.FILES
