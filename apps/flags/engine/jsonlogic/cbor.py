"""Canonical CBOR (RFC 8949, 4.2.3: shortest forms, keys by length and then bytes) of what JSON can express. flagd
hashes it, so that all its implementations find the same bucket."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

_NAN = b"\xf9\x7e\x00"
_FLOATS = (("e", b"\xf9"), ("f", b"\xfa"), ("d", b"\xfb"))  # half, single, double precision


def canonical_cbor(value: Any) -> bytes:
    """Raises ValueError if the value has no encoding, as a text with half a surrogate pair."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        encoded = value.encode()
        return _head(3, len(encoded)) + encoded
    if isinstance(value, Mapping):
        pairs = sorted(
            ((canonical_cbor(k), canonical_cbor(v)) for k, v in value.items()),
            key=lambda p: (len(p[0]), p[0]),
        )
        return _head(5, len(pairs)) + b"".join(key + member for key, member in pairs)
    if isinstance(value, Sequence):
        return _head(4, len(value)) + b"".join(map(canonical_cbor, value))
    raise ValueError(f"{type(value).__name__} has no CBOR encoding.")


def _integer(value: int) -> bytes:
    major, size = (0, value) if value >= 0 else (1, -1 - value)
    if size < 1 << 64:
        return _head(major, size)
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0xC2 + major,)) + _head(2, len(octets)) + octets


def _float(value: float) -> bytes:
    if math.isnan(value):
        return _NAN
    for form, initial in _FLOATS:
        try:
            packed = struct.pack(f">{form}", value)
        except OverflowError:
            continue
        if struct.unpack(f">{form}", packed)[0] == value:
            return initial + packed
    raise ValueError(f"{value} has no CBOR encoding.")


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes((major << 5 | size,))
    width = 1 if size < 1 << 8 else 2 if size < 1 << 16 else 4 if size < 1 << 32 else 8
    return bytes((major << 5 | 23 + width.bit_length(),)) + size.to_bytes(width, "big")
