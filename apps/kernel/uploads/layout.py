"""The layout of a ZIP package: its entries fill the file up to the directory, so that nothing is between them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from .scanning import CHUNK_BYTES

_LOCAL = struct.Struct("<4s5H3I2H")
"""Signature, version, flags, compression, time, date, checksum, two sizes, and the lengths of name and extra field."""
_MAX_DESCRIPTOR_BYTES = 24
_ENCRYPTED, _HAS_DESCRIPTOR, _NAME_IS_UTF8 = 0x1, 0x8, 0x800


def entries_fill(content: IO[bytes], package: zipfile.ZipFile) -> bool:
    """Whether each entry begins where the one before it ends, and extracts to exactly its stated size and checksum.

    The entries are neither encrypted nor compressed otherwise than by deflation.
    """
    at = 0
    for entry in sorted(package.infolist(), key=lambda entry: entry.header_offset):
        if entry.header_offset != at:
            return False
        start = _start_of_data(content, entry)
        if start is None or not _is_exact(content, entry, start):
            return False
        at = start + entry.compress_size + _descriptor_bytes(content, entry)
    return at == package.start_dir


def _start_of_data(content: IO[bytes], entry: zipfile.ZipInfo) -> int | None:
    """None if the entry has another header than the directory states."""
    content.seek(entry.header_offset)
    header = content.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        return None
    signature, _, flags, compression, *_, name_bytes, extra_bytes = _LOCAL.unpack(header)
    name = content.read(name_bytes).decode("utf-8" if entry.flag_bits & _NAME_IS_UTF8 else "cp437")
    is_other = (flags ^ entry.flag_bits) & (_ENCRYPTED | _HAS_DESCRIPTOR) or name != entry.orig_filename
    if is_other or signature != b"PK\x03\x04" or compression != entry.compress_type:
        return None
    return entry.header_offset + _LOCAL.size + int(name_bytes) + int(extra_bytes)


def _descriptor_bytes(content: IO[bytes], entry: zipfile.ZipInfo) -> int:
    """The length of what repeats checksum and sizes behind the data; 0 without it."""
    after = content.read(_MAX_DESCRIPTOR_BYTES)
    facts = (entry.CRC, entry.compress_size, entry.file_size)
    for form in ("<3I", "<I2Q"):
        for signature in (b"PK\x07\x08", b""):
            descriptor = signature + struct.pack(form, *facts)
            if entry.flag_bits & _HAS_DESCRIPTOR and after.startswith(descriptor):
                return len(descriptor)
    return 0


def _is_exact(content: IO[bytes], entry: zipfile.ZipInfo, start: int) -> bool:
    """Leaves the content behind the data. Ends at the first chunk beyond the stated size."""
    content.seek(start)
    size, checksum = 0, 0
    try:
        for extracted in _extracted(content, entry):
            size, checksum = size + len(extracted), zlib.crc32(extracted, checksum)
            if size > entry.file_size:
                return False
    except zlib.error:
        return False
    return content.seek(0, 1) == start + entry.compress_size and (size, checksum) == (
        entry.file_size,
        entry.CRC,
    )


def _extracted(content: IO[bytes], entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Raises zlib.error for data that end before their length or after it."""
    left, inflation = entry.compress_size, zlib.decompressobj(-zlib.MAX_WBITS)
    is_stored = entry.compress_type == zipfile.ZIP_STORED
    while left and (packed := content.read(min(left, CHUNK_BYTES))):
        left -= len(packed)
        if is_stored:
            yield packed
            continue
        while packed:
            yield inflation.decompress(packed, CHUNK_BYTES)
            packed = inflation.unconsumed_tail
    if not is_stored:
        yield inflation.flush()
        if not inflation.eof or inflation.unused_data:
            raise zlib.error
