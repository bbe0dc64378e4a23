"""The hashes of the seal: their inputs, order and keys. This module does not use the database.

    content         ─ salt ─▶ commitment ┐
    actor           ─ salt ─▶ commitment ┤
    facts           ─────────────────────┴─▶ digest ─┐
                                     other digests ──┴─▶ records hash ─┐
                                      hash of the previous segment ────┴─ key ─▶ hash

The chain contains texts and names of a record through salted commitments only. When a text is erased with its salt, the
commitment and the chain stay valid, and the text cannot be recovered by guessing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from hashlib import sha256
from json import encoder
from json.encoder import encode_basestring
from typing import Any

VERSION = 1
"""Version of the formats below. A changed format gets a new number; old segments are read in the format of their
version."""
NOTHING_BEFORE = "0" * 64
"""The previous hash of the first segment."""

_slow = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_make_encoder = getattr(encoder, "c_make_encoder", None)
_fast = _make_encoder and _make_encoder(
    None, _slow.default, encode_basestring, None, ":", ",", True, False, False
)
"""JSONEncoder makes this encoder for each value; here it is made once. Only CPython has it."""


def canonical(value: Any) -> bytes:
    """A JSON value in its canonical form: keys sorted, no blanks, UTF-8. Raises ValueError for a value outside JSON."""
    return ("".join(_fast(value, 0)) if _fast else _slow.encode(value)).encode()


def canonical_row(values: Sequence[str | int | None]) -> bytes:
    """`canonical` of a flat list, three times as fast."""
    return f"[{','.join([_word(value) for value in values])}]".encode()


def _word(value: str | int | None) -> str:
    if value.__class__ is str:
        return encode_basestring(value)
    return "null" if value is None else str(value)


def as_stored(value: Any) -> Any:
    """A JSON value as the database returns it, with 1e2 and 100.0 as the same number."""
    return read(json.dumps(value, allow_nan=False))


def read(text: str) -> Any:
    """A JSON text written by the database or by `canonical`, without text before or after it."""
    return _decode(text)[0]


def _number(text: str) -> int | float:
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else float(text)


_decode = json.JSONDecoder(parse_float=_number).raw_decode


def commitment(salt: bytes, text: bytes) -> bytes:
    """Binds to the text and reveals nothing about it without the salt (16 random bytes).

    HMAC-SHA256 (RFC 2104) spelled out: for a short text, `hmac` spends most of its time on setup.
    """
    key = salt.ljust(BLOCK, b"\0")
    inner = sha256(key.translate(_INNER) + text).digest()
    return sha256(key.translate(_OUTER) + inner).digest()


BLOCK = 64
"""Bytes of a block of SHA-256; salts are shorter."""
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def digest(facts: Sequence[str | int | None]) -> bytes:
    """Of one record: its facts in their fixed order, with the two commitments."""
    return digest_of_written(canonical_row((VERSION, *facts)))


def digest_of_written(facts: bytes) -> bytes:
    """Of facts in their written form: `[VERSION, …]` as `canonical_row` returns it."""
    return sha256(facts).digest()


def records_hash(digests: Iterable[bytes]) -> str:
    """Of all records of a segment, in the order of their ids."""
    hashed = sha256()
    for digest in digests:
        hashed.update(digest)
    return hashed.hexdigest()


@dataclass(frozen=True, slots=True)
class Link:
    """A segment as a link of the chain. Transaction ids are not hashed: they are local to one database."""

    number: int
    retention: str
    first_id: int
    last_id: int
    records: int
    records_hash: str
    previous_hash: str
    key_id: str
    sealed_at: str
    hash: str = ""


def sealed(link: Link, key: bytes) -> Link:
    """The link with its hash."""
    return replace(link, hash=seal_of(link, key))


def seal_of(link: Link, key: bytes) -> str:
    values = (
        VERSION,
        link.number,
        link.retention,
        link.first_id,
        link.last_id,
        link.records,
        link.records_hash,
        link.previous_hash,
        link.key_id,
        link.sealed_at,
    )
    return hmac.digest(key, canonical_row(values), "sha256").hex()


Facts = Sequence[str | int]


def signature_of(facts: Facts, key: bytes) -> str:
    """Of an authorisation. A seal begins with a number, so neither can be taken for the other."""
    return hmac.digest(key, canonical_row(("authorisation", VERSION, *facts)), "sha256").hex()


def is_signature(signature: str, facts: Facts, key: bytes) -> bool:
    return hmac.compare_digest(signature_of(facts, key), signature)


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference between the audit log and its seal. `segment` is 0 where the fault is not in one segment."""

    kind: str
    segment: int
    detail: str


def faults_of_links(links: Iterable[Link], keys: Mapping[str, bytes]) -> Iterator[Fault]:
    """Faults of each link and of its connection to the previous one: gaps, forks and wrong keys."""
    number, hash_before = 0, NOTHING_BEFORE
    for link in links:
        if link.number != number + 1:
            yield Fault("gap", link.number, f"Segment {number + 1} is missing before segment {link.number}.")
        elif link.previous_hash != hash_before:
            yield Fault("fork", link.number, f"Segment {link.number} does not follow from segment {number}.")
        yield from _faults_of_seal(link, keys)
        number, hash_before = link.number, link.hash


def _faults_of_seal(link: Link, keys: Mapping[str, bytes]) -> Iterator[Fault]:
    key = keys.get(link.key_id)
    if key is None:
        yield Fault("key", link.number, f"Segment {link.number} names the unknown key {link.key_id!r}.")
    elif not hmac.compare_digest(seal_of(link, key), link.hash):
        yield Fault(
            "seal", link.number, f"Segment {link.number} was not sealed with the key {link.key_id!r}."
        )


def faults_of_heads(links: Mapping[int, str], heads: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    """Compares anchored heads with the database. `links` gives hashes by number."""
    newest = max(links, default=0)
    for number, hash_outside in sorted(set(heads)):
        if number > newest:
            yield Fault(
                "cut tail", number, f"Segment {number} was anchored; the audit log ends at segment {newest}."
            )
        elif links.get(number) != hash_outside:
            yield Fault("fork", number, f"Segment {number} is not the one that was anchored.")
