"""Which keys stored data needs: each part of the product that stores data under a key counts it by key id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Count = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class KeyUse:
    """`setting` lists the keys. `count` returns the number of rows of the current tenant by key id."""

    setting: str
    rows: str
    count: Count


_uses: list[KeyUse] = []


def key_use(setting: str, rows: str) -> Callable[[Count], Count]:
    """Registers a count; `rows` names what it counts, such as "segments"."""

    def register(count: Count) -> Count:
        _uses.append(KeyUse(setting, rows, count))
        return count

    return register


def keys_in_use() -> dict[str, Counter[str]]:
    """Setting → number of rows of the current tenant by key id."""
    counts: dict[str, Counter[str]] = {}
    for use in _uses:
        counts.setdefault(use.setting, Counter()).update(use.count())
    return counts
