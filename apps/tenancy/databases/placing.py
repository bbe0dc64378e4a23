"""Where a new tenant goes: four strategies, pure. Each is shown the databases that have room and names one of them.

A strategy only places. Once a tenant stands in the directory, its row says where it is; so a strategy may be exchanged
at any time, and no tenant moves for it.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A tenant that has no place yet. `number` is about the id that it will have."""

    number: int
    region: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """A database that takes new tenants."""

    key: str
    region: str = ""


Strategy = Callable[[Newcomer, Sequence[Room]], str | None]
"""The key of one of the rooms; None where none of them will do."""


def single(newcomer: Newcomer, rooms: Sequence[Room]) -> str | None:
    """The first: home, as long as it takes tenants."""
    return rooms[0].key if rooms else None


def hashed(newcomer: Newcomer, rooms: Sequence[Room]) -> str | None:
    """Spread evenly by rendezvous: with one more database only its share of the tenants would be elsewhere, where
    `id mod n` would have changed its mind about nearly all of them."""
    return max((room.key for room in rooms), key=lambda key: _weight(key, newcomer.number), default=None)


def regional(newcomer: Newcomer, rooms: Sequence[Room]) -> str | None:
    """In the newcomer's region and nowhere else; spread where that has several. Without a region, in one that has
    none either."""
    return hashed(newcomer, [room for room in rooms if room.region == newcomer.region])


def ranged(begins: Mapping[int, str]) -> Strategy:
    """By number: `{1: "home", 10_000: "east"}` puts those from 10,000 on in the east."""
    firsts = sorted(begins)

    def strategy(newcomer: Newcomer, rooms: Sequence[Room]) -> str | None:
        index = bisect_right(firsts, newcomer.number) - 1
        key = begins[firsts[index]] if index >= 0 else None
        return key if key in {room.key for room in rooms} else None

    return strategy


def _weight(key: str, number: int) -> bytes:
    return hashlib.blake2b(f"{key}:{number}".encode(), digest_size=8).digest()
