"""Placement of new tenants: four pure strategies. Each gets the databases with free capacity and chooses one.

A strategy applies to new tenants only; the database of an existing tenant is in the directory. So the strategy can be
replaced at any time without moving a tenant.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlacementRequest:
    """A new tenant to be placed. `number` approximates its future id."""

    number: int
    region: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A database that accepts new tenants."""

    key: str
    region: str = ""


Strategy = Callable[[PlacementRequest, Sequence[Candidate]], str | None]
"""Returns the key of a candidate, or None if none is suitable."""


def single(request: PlacementRequest, candidates: Sequence[Candidate]) -> str | None:
    """The first candidate: home, as long as it accepts tenants."""
    return candidates[0].key if candidates else None


def hashed(request: PlacementRequest, candidates: Sequence[Candidate]) -> str | None:
    """Rendezvous hashing: an additional database changes only its own share of the placements, whereas `id mod n` would
    change nearly all of them."""
    return max(
        (candidate.key for candidate in candidates),
        key=lambda key: _weight(key, request.number),
        default=None,
    )


def regional(request: PlacementRequest, candidates: Sequence[Candidate]) -> str | None:
    """Only in the tenant's region, hashed if that has several databases. A tenant without a region gets a database
    without one."""
    return hashed(request, [candidate for candidate in candidates if candidate.region == request.region])


def ranged(first_ids: Mapping[int, str]) -> Strategy:
    """By number: `{1: "home", 10_000: "east"}` places ids from 10,000 on in the east."""
    firsts = sorted(first_ids)

    def strategy(request: PlacementRequest, candidates: Sequence[Candidate]) -> str | None:
        index = bisect_right(firsts, request.number) - 1
        key = first_ids[firsts[index]] if index >= 0 else None
        return key if key in {candidate.key for candidate in candidates} else None

    return strategy


def _weight(key: str, number: int) -> bytes:
    return hashlib.blake2b(f"{key}:{number}".encode(), digest_size=8).digest()
