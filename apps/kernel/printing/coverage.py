"""The characters of a TrueType font, read from its `cmap` table."""

from __future__ import annotations

import struct
from pathlib import Path

_UNICODE_BMP = (3, 1)
"""Platform and encoding of the subtable for the Basic Multilingual Plane, which is in format 4."""


def covered(font: Path) -> frozenset[int]:
    """The code points of the Basic Multilingual Plane that the font has a glyph for."""
    data = font.read_bytes()
    cmap = _table(data, b"cmap")
    return frozenset(_segments(data, _subtable(data, cmap)))


def _table(data: bytes, name: bytes) -> int:
    (count,) = struct.unpack_from(">H", data, 4)
    for number in range(count):
        tag, _checksum, offset, _length = struct.unpack_from(">4s3L", data, 12 + 16 * number)
        if tag == name:
            return int(offset)
    raise ValueError(f"The font has no table {name!r}.")


def _subtable(data: bytes, cmap: int) -> int:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", data, cmap + 4 + 8 * number)
        if (platform, encoding) == _UNICODE_BMP:
            return cmap + int(offset)
    raise ValueError("The font has no Unicode characters.")


def _segments(data: bytes, start: int) -> list[int]:
    """Format 4: segments of consecutive code points, whose glyph is the code point plus a difference, or is listed."""
    form, _length, _language, twice = struct.unpack_from(">4H", data, start)
    if form != 4:
        raise ValueError(f"The characters are in format {form}, not 4.")
    ends, starts, deltas, offsets = (start + 14 + part * twice + (2 if part else 0) for part in range(4))
    points: list[int] = []
    for at in range(0, twice, 2):
        (end,), (first,) = (struct.unpack_from(">H", data, part + at) for part in (ends, starts))
        (delta,), (offset,) = (struct.unpack_from(">H", data, part + at) for part in (deltas, offsets))
        for point in range(first, min(end, 0xFFFE) + 1):
            glyph = point
            if offset:
                (glyph,) = struct.unpack_from(">H", data, offsets + at + offset + 2 * (point - first))
            is_listed_as_missing = offset and not glyph
            if not is_listed_as_missing and (glyph + delta) & 0xFFFF:
                points.append(point)
    return points
