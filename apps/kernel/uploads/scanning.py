"""Parts of files that make them active or mixed, in any type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from .errors import UploadIsActive, UploadIsMixed

CHUNK_BYTES = 256 * 1024
OVERLAP_BYTES = 512
"""Of the next window: the longest form of each part that is searched is shorter."""
SNIFFED_BYTES = 1024
"""Readers look for the start of a document in so many bytes."""
ZIP_END_BYTES = 65_557
"""The end of a ZIP is within so many bytes: its own 22, and a comment."""
_ACTIVE = re.compile(rb"<script\b|<!doctype\s+html|<html\b|<iframe\b|<\?php", re.IGNORECASE)
_ACTIVE_IN_TEXT = re.compile(
    rb"<script\b|<!doctype|<html\b|<iframe\b|<\?php|<svg\b|<\?xml|<body\b|javascript:", re.IGNORECASE
)
_ACTIVE_IN_PDF = re.compile(
    rb"/(?:JavaScript|Launch|RichMedia|Rendition)\b"
    rb"|/JS[\s\0]{0,32}(?:[(<][\t-\r -~\xfe\xff]{2}|\d{1,10}[\s\0]{1,32}\d{1,5}[\s\0]{1,32}R\b)"
)
"""Names, and the key of a script with its value: compressed data contains /JS alone by chance."""
_ESCAPED_IN_PDF = re.compile(rb"#([0-9a-fA-F]{2})")
_EXECUTABLE = re.compile(
    rb"\A(?:MZ|\x7fELF|#!|\xca\xfe\xba\xbe|[\xcf\xce]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf])"
)
_EXECUTABLE_TEXT = re.compile(rb"\A#!")
"""A text may begin with the letters of another signature: MZN is a currency."""


def chunks(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    while chunk := content.read(CHUNK_BYTES):
        yield chunk


def head_of(content: IO[bytes], size: int = SNIFFED_BYTES) -> bytes:
    content.seek(0)
    return content.read(size)


def tail_of(content: IO[bytes], size: int) -> bytes:
    length = content.seek(0, 2)
    content.seek(max(0, length - size))
    return content.read()


def must_be_passive(name: str, content: IO[bytes], *, is_text: bool = False, is_pdf: bool = False) -> None:
    """Raises UploadIsActive for a program, a script or a page anywhere in the file."""
    if program := (_EXECUTABLE_TEXT if is_text else _EXECUTABLE).match(head_of(content)):
        raise UploadIsActive(name=name, part=_shown(program.group()))
    patterns = [_ACTIVE_IN_TEXT if is_text else _ACTIVE, *([_ACTIVE_IN_PDF] if is_pdf else [])]
    before = b""
    for chunk in chunks(content):
        window = before + chunk
        searched = _ESCAPED_IN_PDF.sub(_unescaped, window) if is_pdf else window
        for pattern in patterns:
            if active := pattern.search(searched):
                raise UploadIsActive(name=name, part=_shown(active.group()))
        before = window[-OVERLAP_BYTES:]


def must_be_one_document(
    name: str, content: IO[bytes], *, is_pdf: bool = False, is_zip: bool = False
) -> None:
    """Raises UploadIsMixed for a file that a reader of PDF or of ZIP would open as well."""
    if not is_pdf and b"%PDF-" in head_of(content):
        raise UploadIsMixed(name=name, part="PDF")
    if not is_zip and b"PK\x05\x06" in tail_of(content, ZIP_END_BYTES):
        raise UploadIsMixed(name=name, part="ZIP")


def _unescaped(escape: re.Match[bytes]) -> bytes:
    """A name in a PDF may write each of its characters as #xx."""
    return bytes.fromhex(escape[1].decode())


def _shown(part: bytes) -> str:
    return part.decode("ascii", "backslashreplace")
