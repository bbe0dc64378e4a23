"""Documents that are ZIP packages: the type and the refusal by their entries. Nothing is extracted."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext

from .errors import UploadDocumentNotAllowed
from .layout import entries_fill
from .scanning import head_of, must_be_one_document, tail_of

MAX_ENTRIES = 5_000
MAX_DIRECTORY_BYTES = 2_000_000
"""The directory is read as a whole before its entries are counted."""
MAX_EXTRACTED_BYTES = 300_000_000
MAX_RATIO = 200
"""Extracted bytes per byte of the file."""
MAX_TYPES_BYTES = 1_000_000
_END, _END_BYTES = b"PK\x05\x06", 22
_ALLOWED_ENTRY = re.compile(
    r"\A(?:mimetype|ObjectReplacements/[^/]+|(?:.*/)?[^/]*\."
    r"(?:xml|rels|rdf|png|jpe?g|gif|bmp|emf|wmf|tiff?|vml|ttf|odttf|bin))\Z",
    re.IGNORECASE,
)
_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError)
"""What the reader raises for a package that it cannot read; OSError and ValueError are seeks outside of the file."""
_ENCRYPTED = 0x1
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BINARY = re.compile(r"(?:\A|/)printerSettings\d*\.bin\Z", re.IGNORECASE)
_ACTIVE_ENTRY = re.compile(
    r"vbaProject|vbaData|macrosheets?/|dialogsheets/|activeX/|embeddings/|\ABasic/|(?:\A|/)Scripts/",
    re.IGNORECASE,
)
_UNUSUAL_TYPES = re.compile(rb"&#|<!DOCTYPE|\x00", re.IGNORECASE)
"""In the content types: another spelling of a type, which the search for active types misses."""
_ACTIVE_TYPE = re.compile(rb"macroEnabled|vnd\.ms-office\.(?:vba|activeX)|oleObject", re.IGNORECASE)


def must_be_document(name: str, content: IO[bytes], media_type: str, main_part: bytes) -> bool:
    """Whether the package is a document of the type. Raises UploadDocumentNotAllowed for one that no document needs.

    main_part  the content type of its main part (OOXML), or empty for a document with the entry `mimetype` (ODF)
    """
    if head_of(content, 4) != b"PK\x03\x04" or not _ends_with_directory(content):
        return False
    must_be_one_document(name, content, is_zip=True)
    try:
        with zipfile.ZipFile(content) as package:
            _entries_must_be_allowed(name, content, package)
            if main_part:
                return _is_ooxml(name, package, main_part)
            return _is_odf(package, media_type)
    except _DAMAGED:
        return False


def _ends_with_directory(content: IO[bytes]) -> bool:
    """The directory ends where the file ends, without a comment, and nothing is between it and its end."""
    end = tail_of(content, _END_BYTES)
    if not end.startswith(_END) or end[20:22] != b"\0\0":
        return False
    size, offset = int.from_bytes(end[12:16], "little"), int.from_bytes(end[16:20], "little")
    return size <= MAX_DIRECTORY_BYTES and offset + size + _END_BYTES == content.seek(0, 2)


def _entries_must_be_allowed(name: str, content: IO[bytes], package: zipfile.ZipFile) -> None:
    for reason in _faults(package):
        raise UploadDocumentNotAllowed(name=name, reason=reason)
    if not entries_fill(content, package):
        reason = gettext("an entry is damaged, or there is other data between its entries")
        raise UploadDocumentNotAllowed(name=name, reason=reason)


def _faults(package: zipfile.ZipFile) -> Iterator[str]:
    all_entries = package.infolist()
    entries = [entry for entry in all_entries if not entry.is_dir() or entry.file_size]
    names = {entry.filename.lower() for entry in all_entries}
    if not len(names) == len(all_entries) <= MAX_ENTRIES:
        yield gettext("it has too many entries, or two of one name")
    extracted = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if extracted > MAX_EXTRACTED_BYTES or extracted > MAX_RATIO * max(packed, 1_000):
        yield gettext("it would be too large when extracted")
    for entry in all_entries:
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _COMPRESSIONS:
            yield gettext("it is encrypted, or compressed in an unusual way")
    for entry in entries:
        path = entry.filename
        if ".." in path.split("/") or path.startswith("/") or re.search(r"[\\:\x00-\x1f]", path):
            yield gettext("an entry has a path outside of the document")
        if _ACTIVE_ENTRY.search(path):
            yield gettext("it contains macros or embedded files ({entry})").format(entry=path)
        is_binary = path.lower().endswith(".bin")
        if not _ALLOWED_ENTRY.match(path) or (is_binary and not _BINARY.search(path)):
            yield gettext("it contains a file that no document needs ({entry})").format(entry=path)


def _is_ooxml(name: str, package: zipfile.ZipFile, main_part: bytes) -> bool:
    types = _read(package, "[Content_Types].xml")
    if len(types) > MAX_TYPES_BYTES or _UNUSUAL_TYPES.search(types):
        raise UploadDocumentNotAllowed(
            name=name, reason=gettext("its list of content types is written in an unusual way")
        )
    if _ACTIVE_TYPE.search(types):
        raise UploadDocumentNotAllowed(name=name, reason=gettext("it contains macros or embedded files"))
    return main_part in types


def _is_odf(package: zipfile.ZipFile, media_type: str) -> bool:
    first = next(iter(package.infolist()), None)
    if first is None or first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED:
        return False
    return _read(package, "mimetype") == media_type.encode()


def _read(package: zipfile.ZipFile, entry: str) -> bytes:
    """At most one byte more than MAX_TYPES_BYTES of it; empty without the entry."""
    if entry not in package.namelist():
        return b""
    with package.open(entry) as content:
        return content.read(MAX_TYPES_BYTES + 1)
