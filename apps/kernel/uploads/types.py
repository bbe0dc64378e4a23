"""The allow-list of types: extension, media type, and the test of the content."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO

from . import images, packages
from .scanning import chunks, head_of, must_be_one_document, must_be_passive, tail_of

Test = Callable[[str, IO[bytes]], bool]
"""Of name and content. May raise a more exact refusal than "another type"."""
_OFFICE = "application/vnd.openxmlformats-officedocument"
_NOT_IN_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_PDF = re.compile(rb"%PDF-[12]\.\d")


@dataclass(frozen=True)
class UploadType:
    """`extensions` are in lower case, the usual one first."""

    extensions: tuple[str, ...]
    media_type: str
    is_of_type: Test

    def __str__(self) -> str:
        return self.extensions[0]


def _plain(test: Test) -> Test:
    """Of an image: neither active, nor a document of another type."""

    def is_of_type(name: str, content: IO[bytes]) -> bool:
        if not test(name, content):
            return False
        must_be_passive(name, content)
        must_be_one_document(name, content)
        return True

    return is_of_type


def _is_pdf(name: str, content: IO[bytes]) -> bool:
    if not _PDF.match(head_of(content)) or b"%%EOF" not in tail_of(content, 1024):
        return False
    must_be_passive(name, content, is_pdf=True)
    must_be_one_document(name, content, is_pdf=True)
    return True


def _is_text(name: str, content: IO[bytes]) -> bool:
    """In any encoding that contains ASCII: banks export CSV in older ones."""
    if any(_NOT_IN_TEXT.search(chunk) for chunk in chunks(content)):
        return False
    must_be_passive(name, content, is_text=True)
    must_be_one_document(name, content)
    return True


def _document(extension: str, media_type: str, main_part: bytes = b"") -> UploadType:
    test = partial(packages.must_be_document, media_type=media_type, main_part=main_part)
    return UploadType((extension,), media_type, test)


PDF = UploadType(("pdf",), "application/pdf", _is_pdf)
PNG = UploadType(("png",), "image/png", _plain(images.is_png))
JPEG = UploadType(("jpg", "jpeg"), "image/jpeg", _plain(images.is_jpeg))
GIF = UploadType(("gif",), "image/gif", _plain(images.is_gif))
WEBP = UploadType(("webp",), "image/webp", _plain(images.is_webp))
TEXT = UploadType(("txt",), "text/plain", _is_text)
CSV = UploadType(("csv",), "text/csv", _is_text)
XLSX = _document("xlsx", f"{_OFFICE}.spreadsheetml.sheet", b"spreadsheetml.sheet.main+xml")
DOCX = _document("docx", f"{_OFFICE}.wordprocessingml.document", b"wordprocessingml.document.main+xml")
ODS = _document("ods", "application/vnd.oasis.opendocument.spreadsheet")
ALLOWED = (PDF, PNG, JPEG, GIF, WEBP, TEXT, CSV, XLSX, DOCX, ODS)
